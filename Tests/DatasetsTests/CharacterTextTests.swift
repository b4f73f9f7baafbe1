import FedCore
import Testing

@testable import Datasets

@Suite struct CharacterTextTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(_ path: String, _ named: NamedOptions = [:], classNames: [String] = []) throws -> DatasetPair {
        var options = DatasetOptions()
        options.named = named
        options.classNames = classNames
        return try Datasets.standard.open("text:" + path, options: options)
    }

    private func message(_ path: String, _ named: NamedOptions = [:]) -> String {
        do { _ = try open(path, named) } catch { return "\(error)".replacing(folder.path + "/", with: "") }
        return ""
    }

    @Test func aWindowIsFollowedByItsLabel() throws {
        // Ten characters, of which the first six are to train on.
        let path = try folder.write(Array("abcabcabca".utf8), to: "a.txt")
        let pair = try open(path, ["length": "3", "test-share": "0.4"])
        #expect(pair.train.classNames == ["a", "b", "c"] && pair.train.task == .classes(3))
        #expect(pair.train.shape == ImageShape(channels: 1, height: 1, width: 3) && pair.train.scale == 1)
        #expect(pair.train.count == 3 && pair.test.count == 1)
        let (windows, labels) = pair.train.read([0, 2])
        #expect(windows == [0, 1, 2, 2, 0, 1] && labels == [0, 2])
        #expect(pair.test.read([0]).images == [0, 1, 2] && pair.test.label(0) == 0)
        #expect(try open(path, ["length": "3", "test-share": "0.4", "step": "2"]).train.labels() == [0, 2])
    }

    @Test func aFileOfAFolderIsAClient() throws {
        try folder.write(Array("abababab".utf8), to: "texts/b.txt")
        try folder.write(Array("bbbbbbbbbbbb".utf8), to: "texts/a.txt")
        try folder.write(Array("ab".utf8), to: "texts/c.txt")
        try folder.write([0], to: "texts/picture.png")
        let pair = try open(folder.path + "/texts", ["length": "2", "test-share": "0.25"])
        // a.txt: 9 characters to train on; b.txt: 6; c.txt: 2, too few.
        #expect(pair.train.origins == SampleOrigins(kind: "file", counts: [7, 4]))
        #expect(pair.notes.map { $0.isWarning } == [false])
        let natural = try Partitions.standard.named("natural")
        let partition = try natural.partition(pair.train, clients: 2, seed: 1)
        #expect(partition.samples(of: 1).map { $0 } == [7, 8, 9, 10])
        let error = ConfigurationError(
            "the data are of 2 clients (one for each file), and the run has 5; set --clients 2")
        #expect(throws: error) { try natural.partition(pair.train, clients: 5, seed: 1) }
    }

    @Test func aLineNamesItsSpeaker() throws {
        let path = try folder.write(Array("B\tba\r\nA\taaaa\n\nB\tbab\n".utf8), to: "play.tsv")
        let pair = try open(path, ["length": "1", "clients": "speaker", "test-share": "0.4"])
        // A: "aaaa\n", 3 to train on; B: "ba\nbab\n", 4 to train on.
        #expect(pair.train.origins == SampleOrigins(kind: "speaker", counts: [2, 3]))
        #expect(pair.train.classNames == ["U+A", "a", "b"])
        #expect(pair.train.labels() == [1, 1, 1, 0, 2])
        let bad = try folder.write(Array("A\taaaa\naaaa\n".utf8), to: "bad.tsv")
        #expect(
            message(bad, ["clients": "speaker"])
                == "bad.tsv: line 2 names no speaker: clients=speaker takes lines SPEAKER<TAB>text")
    }

    @Test func theVocabularyOfLEAFHas80Characters() throws {
        let path = try folder.write(Array("To be, or not to be: that is the question%".utf8), to: "a.txt")
        let pair = try open(path, ["length": "2", "vocabulary": "leaf"])
        #expect(pair.train.classes == 80)
        // 'T' and 'o' are ALL_LETTERS[44] and [67]; Python's str.index says so.
        #expect(pair.train.read([0]).images == [44, 67])
        #expect(pair.notes.contains { $0.text.hasSuffix(": 1 characters that are not in the vocabulary are left out") })
    }

    @Test func aTrainedModelKeepsItsVocabulary() throws {
        let path = try folder.write(Array("ab ab ab ab ".utf8), to: "a.txt")
        let pair = try open(path, ["length": "1", "test-share": "0.5"], classNames: ["b", "a", "space"])
        #expect(pair.train.read([0]).images == [1] && pair.train.labels() == [0, 2, 1, 0, 2])
    }

    @Test func whatIsNoTextIsRefused() throws {
        let short = try folder.write(Array("abc".utf8), to: "short.txt")
        #expect(message(short).contains("windows of 80 characters; set length"))
        #expect(message(try folder.write([0xFF, 0xFE, 0x41], to: "latin.txt")).hasPrefix("latin.txt: "))
        #expect(message(folder.path + "/none") == "none is missing: there is no such file or folder")
        try folder.write([1], to: "empty/readme")
        #expect(message(folder.path + "/empty").contains("files that end in .txt"))
        #expect(message(short, ["length": "0"]).contains("length"))
    }
}
