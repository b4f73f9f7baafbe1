import Cryptography
import Files
import Foundation

/// A JSON array in a file that grows at its end, record by record.
///
/// Each record is written over the bracket that ended the array, and a bracket behind it, in one call: the file is a whole array
/// whenever it is read, and a record costs the same however many there are. What a program that is killed while it writes may
/// leave is a last line that is cut off.
///
/// ```
/// [
/// {
///   "round" : 1,
///   …
/// },
/// {
///   "round" : 2,
///   …
/// }
/// ]
/// ```
final class RecordLog {
    private(set) var url: URL
    /// Nil until there is something to write, or while the file cannot be made.
    private var file: GrowingFile?
    private var hash = SHA256()
    /// Records in the file.
    private var count = 0
    /// Records that are still to be written, each as it is to stand there.
    private var pending: [[UInt8]] = []
    /// Bytes of an earlier job's file that are to be kept.
    private var keptBytes: Int?

    static let opening = Array("[\n".utf8)
    static let separator = Array(",\n".utf8)
    static let closing = Array("\n]\n".utf8)
    /// Contents of a file without records.
    static let empty = Array("[\n]\n".utf8)
    /// Records that are written in one piece.
    private static let piece = 256
    private static let block = 1 << 20

    /// A log without records.
    init(at url: URL) {
        self.url = url
    }

    /// The log of a run that is continued. The file stays as it is until `begin`.
    /// - Throws: `LogDefect` when the file is not what the state says.
    init(at url: URL, from state: LogState) throws {
        self.url = url
        if state.position.records > 0 {
            let file: GrowingFile
            do { file = try GrowingFile(continuing: url.path) } catch { throw LogDefect.unreadable(error) }
            hash = try Self.verify(file, to: state.position)
            self.file = file
            count = state.position.records
            keptBytes = state.position.bytes
        }
        if !state.rest.isEmpty { pending = Self.records(in: state.rest).map(Array.init) }
    }

    /// Checks that a file holds what a checkpoint relies on. O(bytes before the position).
    static func check(_ url: URL, to position: LogPosition) throws(LogDefect) {
        guard position.records > 0 else { return }
        let file: GrowingFile
        do throws(FileError) { file = try GrowingFile(continuing: url.path) } catch { throw .unreadable(error) }
        _ = try verify(file, to: position)
    }

    /// - Returns: the hash of what stands before the position.
    private static func verify(_ file: GrowingFile, to position: LogPosition) throws(LogDefect) -> SHA256 {
        guard file.count >= position.bytes else { throw .short(bytes: file.count, needed: position) }
        var hash = SHA256()
        for start in stride(from: 0, to: position.bytes, by: block) {
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try file.contents(from: start, atMost: min(block, position.bytes - start))
            } catch { throw .unreadable(error) }
            hash.update(bytes)
        }
        guard hash.digestSoFar().hexadecimal == position.sha256 else { throw .altered(position) }
        return hash
    }

    /// Makes the file, or brings it to the state it is continued from.
    /// - Parameter isMadeEmpty: whether a log without records has a file.
    func begin(isMadeEmpty: Bool) throws(FileError) {
        if let keptBytes, let file {
            try file.write(Self.closing.span.bytes, from: keptBytes)
            file.reopen(at: keptBytes)
        } else {
            _ = unlink(url.path)  // of rounds that are done again
            if isMadeEmpty { try make() }
        }
        try flush()
    }

    private func make() throws(FileError) {
        let file = try GrowingFile(replacing: url.path, with: Self.empty.span.bytes)
        file.reopen(at: Self.opening.count - 1)
        hash = SHA256()
        hash.update(Self.opening.dropLast())
        self.file = file
    }

    /// Adds a record, which `flush` writes.
    func append(_ record: some Encodable) throws {
        pending.append(try Self.text(of: record))
    }

    var hasPending: Bool { !pending.isEmpty }

    /// Writes what is to be written, as far as it goes. Nothing is lost when it fails; it may be tried again.
    func flush() throws(FileError) {
        guard !pending.isEmpty else { return }
        if file == nil { try make() }
        guard let file else { return }
        while !pending.isEmpty {
            let records = pending.prefix(Self.piece)
            var bytes: [UInt8] = []
            for (i, record) in records.enumerated() {
                bytes += count + i == 0 ? Self.opening.suffix(1) : Self.separator[...]
                bytes += record
            }
            try file.append(bytes.span.bytes, closing: Self.closing)
            hash.update(bytes)
            count += records.count
            pending.removeFirst(records.count)
        }
    }

    /// What a checkpoint needs of it: what is in the file, on the disk when this returns, and what is not.
    func state() throws(FileError) -> LogState {
        var state = LogState()
        if let file, count > 0 {
            try file.synchronize()
            state.position = LogPosition(
                records: count, bytes: file.count, sha256: hash.digestSoFar().hexadecimal)
        }
        state.rest = Array(pending.joined(separator: Self.separator))
        return state
    }

    /// What is to be found where the file was.
    var place: GrowingFile.Place { file?.place ?? .here }

    /// Makes the file again, in a folder that was deleted and made again, or in another one.
    func remake(at url: URL) throws(FileError) {
        self.url = url
        try file?.remake(at: url.path)
    }
}

extension RecordLog {
    /// A record as it stands in the file.
    static func text(of record: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return Array(try encoder.encode(record))
    }

    static func decoder() -> JSONDecoder {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }

    /// The whole records in a part of a log: each from a brace that opens at the beginning of a line to the next that closes
    /// there. What is inside a record is indented, and JSON has no line breaks in strings.
    static func records<Bytes: RandomAccessCollection<UInt8>>(in bytes: Bytes) -> [Bytes.SubSequence] {
        var records: [Bytes.SubSequence] = []
        var start: Bytes.Index?
        var previous = UInt8(ascii: "\n")
        for (place, byte) in zip(bytes.indices, bytes) {
            if previous == UInt8(ascii: "\n") {
                if byte == UInt8(ascii: "{") { start = place }
                if byte == UInt8(ascii: "}"), let begin = start {
                    records.append(bytes[begin...place])
                    start = nil
                }
            }
            previous = byte
        }
        return records
    }
}

/// Why a log is not the one that a checkpoint relies on.
enum LogDefect: Error, CustomStringConvertible {
    case unreadable(FileError)
    case short(bytes: Int, needed: LogPosition)
    case altered(LogPosition)

    var description: String {
        switch self {
        case .unreadable(let error): error.reason
        case .short(let bytes, let needed):
            "it is cut off: it has \(bytes) of the \(needed.bytes) bytes of its first \(needed.records) records"
        case .altered(let position):
            "it was altered: the SHA-256 of its first \(position.records) records is another"
        }
    }

    /// Whether there is no such file at all.
    var isAbsence: Bool {
        if case .unreadable(let error) = self { error.isGone } else { false }
    }
}
