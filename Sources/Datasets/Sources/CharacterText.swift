public import FedCore

/// Text for models of the next character: a sample is a window of `length` characters, its label the one after it.
///
/// Written `text:FILE` or `text:FOLDER`, all of whose `.txt` files are read. Options:
///
/// - `length`: characters of a window (80, as LEAF's Shakespeare has it).
/// - `step`: characters from the beginning of one window to that of the next (1).
/// - `clients`: what one client of `--partition natural` is: a `file` of the folder, or a `speaker`, where every line of
///   the text begins with the speaker's name and a tab.
/// - `vocabulary`: the characters that are classes: those of the training text (`data`), or LEAF's 80 (`leaf`). Others
///   are left out, and counted in a note.
/// - `test-share`: share of the end of each client's text that is the test split (0.1).
///
/// The shape is `[1, 1, length]`; a value is the number of a character in the vocabulary, not divided. Texts are UTF-8,
/// plain or compressed by gzip, and kept in memory: 2 bytes a character and 4 a sample on each rank.
public struct CharacterText: DatasetSource {
    public static let name = "text"
    public static let samples = "samples"
    public static let usage = ":FILE|FOLDER"
    public static let summary = """
        the next character of a text; options length (80), step (1), clients=file|speaker (lines SPEAKER<TAB>text), \
        vocabulary=data|leaf, test-share (0.1)
        """

    /// Longest window.
    private static let longest = 65_536

    private let path: String
    private let length: Int
    private let step: Int
    private let isBySpeaker: Bool
    private let isLEAF: Bool
    private let testShare: Double

    /// Takes the file or folder and the options; see the type.
    ///
    /// - Throws: `ConfigurationError` when the path is missing or an option is not accepted.
    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        path = try Self.path(argument, "file or folder")
        length = try options.integer("length", default: 80, "from 1 to \(Self.longest)") {
            (1...Self.longest).contains($0)
        }
        step = try options.integer("step", default: 1, "from 1 to \(Self.longest)") { (1...Self.longest).contains($0) }
        isBySpeaker = try options.choice("clients", default: "file", of: ["file", "speaker"]) == "speaker"
        isLEAF = try options.choice("vocabulary", default: "data", of: ["data", "leaf"]) == "leaf"
        testShare = try options.number("test-share", default: 0.1, "between 0 and 1") { $0 > 0 && $0 < 1 }
    }

    /// Reads the texts.
    ///
    /// - Throws: ``DatasetError`` when there is no text, a file is not UTF-8, a line has no speaker, or no text is long
    ///   enough for a window.
    /// - Complexity: O(characters).
    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        let texts = try texts()
        // Cut before anything is numbered: the vocabulary is that of the training text.
        let cuts = texts.map { Int((Double($0.count) * (1 - testShare)).rounded()) }
        let vocabulary =
            if let known = CharacterVocabulary(names: options.classNames), known.count > 0 {
                known
            } else if isLEAF {
                CharacterVocabulary(CharacterVocabulary.leaf.unicodeScalars)
            } else {
                CharacterVocabulary(
                    zip(texts, cuts).reduce(into: Set<Unicode.Scalar>()) { $0.formUnion($1.0[..<$1.1]) }.sorted())
            }
        guard vocabulary.count <= ArrayImages.mostClasses else {
            throw DatasetError.malformed(file: path, reason: "has \(vocabulary.count) different characters")
        }
        var train = TextWindows(name: "\(Self.name):\(path)", length: length, vocabulary: vocabulary.names)
        var test = train
        var (skipped, unknown) = (0, 0)
        for (text, cut) in zip(texts, cuts) {
            let head = text[..<cut].compactMap { vocabulary.code(of: $0) }
            let tail = text[cut...].compactMap { vocabulary.code(of: $0) }
            unknown += text.count - head.count - tail.count
            // A client that cannot train gives no test samples either.
            guard head.count > length else {
                skipped += 1
                continue
            }
            train.append(head, step: step)
            if tail.count > length { test.append(tail, step: step) }
        }
        guard train.count > 0, test.count > 0 else {
            throw DatasetError.malformed(
                file: path,
                reason: "no text is long enough to train and test on windows of \(length) characters; set length")
        }
        guard max(train.characters, test.characters) <= Int(UInt32.max) else {
            throw DatasetError.malformed(file: path, reason: "has more than 2^32 - 1 characters")
        }
        train.kind = isBySpeaker ? "speaker" : "file"
        return DatasetPair(train: train, test: test, notes: notes(skipped: skipped, of: texts.count, unknown: unknown))
    }

    /// What the user may not expect: texts and characters that are left out.
    private func notes(skipped: Int, of count: Int, unknown: Int) -> [DatasetNote] {
        var notes: [DatasetNote] = []
        if skipped > 0 {
            let kind = isBySpeaker ? "speakers" : "files"
            notes.append(
                .fact(
                    "\(path): \(skipped) of \(count) \(kind) are left out: too short for windows of \(length) characters"
                ))
        }
        if unknown > 0 {
            notes.append(.fact("\(path): \(unknown) characters that are not in the vocabulary are left out"))
        }
        return notes
    }

    /// The text of each client, in the order of their names.
    private func texts() throws(DatasetError) -> [[Unicode.Scalar]] {
        var files = [path]
        if FileSystem.isFolder(path) {
            let names = FileSystem.names(in: path).filter { $0.hasSuffix(".txt") || $0.hasSuffix(".txt.gz") }
            files = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { "\(path)/\($0)" }
            guard !files.isEmpty else {
                throw .missing(file: "\(path)/*.txt", remedy: "a folder of texts needs files that end in .txt")
            }
        } else if !FileSystem.exists(path) {
            throw .missing(file: path, remedy: "there is no such file or folder")
        }
        var speakers: [String: [Unicode.Scalar]] = [:]
        var texts: [[Unicode.Scalar]] = []
        for file in files {
            let bytes = try TextFile.bytes(of: OpenFile(reading: file))
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw .malformed(file: file, reason: "is not UTF-8")
            }
            // Line endings of other systems would be two characters, one of them never the user's.
            let scalars = text.unicodeScalars.filter { $0 != "\r" && $0 != "\u{FEFF}" }
            if isBySpeaker {
                try Self.add(Array(scalars), of: file, to: &speakers)
            } else {
                texts.append(Array(scalars))
            }
        }
        guard isBySpeaker else { return texts }
        return speakers.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { $0.value }
    }

    /// Adds each line, with its end, to the text of the speaker before its tab. Empty lines are nobody's.
    private static func add(
        _ scalars: [Unicode.Scalar], of file: String, to speakers: inout [String: [Unicode.Scalar]]
    ) throws(DatasetError) {
        for (index, line) in scalars.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
        where !line.isEmpty {
            guard let tab = line.firstIndex(of: "\t"), tab > line.startIndex else {
                throw .malformed(
                    file: file,
                    reason: "line \(index + 1) names no speaker: clients=speaker takes lines SPEAKER<TAB>text")
            }
            let speaker = String(String.UnicodeScalarView(line[..<tab]))
            speakers[speaker, default: []] += line[(tab + 1)...] + ["\n"]
        }
    }
}
