import Cryptography
import FedCore
import Foundation
import Testing

@testable import Records
@testable import RunStore

/// The registry of models, on files of a few bytes: what they hold does not matter to it.
@Suite struct ModelRegistryTests {
    private let history: History
    private let store: RunStore

    init() throws {
        history = try History()
        store = try history.store()
    }

    @discardableResult
    private func register(
        _ name: String, _ bytes: [UInt8], from parent: RegisteredModel? = nil
    ) throws -> (model: RegisteredModel, isNew: Bool) {
        let contents = ModelContents(
            architecture: "logistic", precision: "f32", parameters: 7850, input: [1, 28, 28], outputs: 10,
            metadata: ["train_sha256": "ab"])
        let run = ModelRun(
            name: "one", round: 3, strategy: "fedavg", dataset: "synthetic", accuracy: 0.5, loss: nil,
            metrics: ["epsilon": 5.841])
        let model = RegisteredModel(
            name: name, digest: SHA256.hash(bytes).hexadecimal, bytes: bytes.count, source: "one", contents: contents,
            run: run, parent: parent?.digest)
        return try store.register(model, bytes)
    }

    private func version(_ text: String) throws -> Int { try store.model(try ModelReference(text)).version }

    private func problem(_ text: String) throws -> String {
        try #require(throws: ConfigurationError.self) { try version(text) }.description
    }

    @Test func `versions count up, and the same bytes are one`() throws {
        let first = try register("digits", [1])
        #expect(first.model.version == 1 && first.isNew)
        #expect(try register("digits", [2]).model.version == 2)
        let again = try register("digits", [1])
        #expect(again.model == first.model && !again.isNew)
        // Another name counts for itself, and has the same file.
        #expect(try register("letters", [2]).model.version == 1)
        #expect(try store.models().map(\.reference) == ["digits@2", "digits@1", "letters@1"])
        #expect(try store.models(named: "digits").last == first.model)
        #expect(try store.contents(of: first.model) == [1])
    }

    @Test func `a version's accuracy is its run's, else what was counted when it was registered, else unknown`() throws
    {
        #expect(try register("digits", [1]).model.accuracy == 0.5)
        func variant(_ byte: UInt8, _ accuracy: Double?) throws -> RegisteredModel {
            let contents = ModelContents(
                architecture: "logistic", precision: "int8", parameters: 7850, input: [1, 28, 28], outputs: 10,
                metadata: [:], accuracy: accuracy)
            let model = RegisteredModel(
                name: "small", digest: SHA256.hash([byte]).hexadecimal, bytes: 1, source: "file", contents: contents,
                run: nil, parent: nil)
            return try store.model(try ModelReference(try store.register(model, [byte]).model.reference))
        }
        #expect(try variant(2, 0.25).accuracy == 0.25)
        #expect(try variant(3, nil).accuracy == nil)
    }

    @Test func `a reference means a version`() throws {
        try register("digits", [1])
        let second = try register("digits", [2]).model
        #expect(try version("digits@1") == 1 && version("digits@latest") == 2)
        #expect(try version("digits@sha256:\(second.digest.prefix(8))") == 2)
        #expect(try problem("digits@3") == "there is no 'digits@3'; the newest version of 'digits' is 2")
        #expect(try problem("others@1").hasPrefix("no model is registered as 'others'"))
        #expect(try problem("digits@champion") == "'digits' has no alias 'champion'")
    }

    @Test(arguments: [
        "digits", "@1", "digits@", "digits@0", "digits@-1", "digits@sha256:12345", "digits@sha256:zzzzzz", "a/b@1",
        "..@1",
        "-x@1", "digits@a b", "digits@a@b", "dig'its@1",
    ])
    func `what is no reference is refused`(text: String) {
        #expect(throws: ConfigurationError.self) { try ModelReference(text) }
    }

    @Test func `an alias moves at once, and its history stays`() throws {
        for byte in UInt8(1)...2 { try register("digits", [byte]) }
        #expect(try store.move("champion", of: "digits", to: 1, note: "first") == nil)
        #expect(try store.move("champion", of: "digits", to: 2, note: nil) == 1)
        #expect(try version("digits@champion") == 2)
        #expect(throws: ConfigurationError.self) { try store.move("champion", of: "digits", to: 9, note: nil) }
        #expect(try version("digits@champion") == 2)
        #expect(try store.move("champion", of: "digits", to: nil, note: "gone") == 2)
        #expect(throws: ConfigurationError.self) { try store.move("champion", of: "digits", to: nil, note: nil) }
        #expect(try store.aliases().isEmpty)
        let moves = try store.moves(of: "digits")
        #expect(moves.map(\.version) == [nil, 2, 1] && moves.map(\.note) == ["gone", nil, "first"])
        for alias in ["latest", "7", "", "a b"] {
            #expect(throws: ConfigurationError.self) { try ModelReference.checked(alias: alias) }
        }
    }

    @Test func `a file that is not what was registered is refused`() throws {
        let model = try register("digits", [1, 2, 3]).model
        try Data([1, 2, 4]).write(to: store.file(of: model))
        let problem = try #require(throws: ConfigurationError.self) { try store.contents(of: model) }
        #expect(problem.description.contains("is not what was registered as 'digits@1'"))
        // Registering the right bytes once more mends it.
        try register("digits", [1, 2, 3])
        #expect(try store.contents(of: model) == [1, 2, 3])
        try FileManager.default.removeItem(at: store.file(of: model))
        #expect(throws: ConfigurationError.self) { try store.contents(of: model) }
    }

    @Test func `tags are set, changed and removed`() throws {
        let model = try register("digits", [1]).model
        try store.tag(model, "owner", "ann")
        try store.tag(model, "state", "'; DROP TABLE models; --")
        try store.tag(model, "owner", "ben")
        #expect(try store.tags(of: model) == ["owner": "ben", "state": "'; DROP TABLE models; --"])
        try store.tag(model, "owner", nil)
        #expect(try store.tags(of: model).keys.sorted() == ["state"])
    }

    /// Of seven versions one has an alias, one a tag, two are the newest, and one is what the tagged one was made from.
    @Test func `only what nothing refers to is collected`() throws {
        let models = try (UInt8(1)...4).map { try register("digits", [$0]).model }
        let child = try register("digits", [5], from: models[1]).model
        for byte in UInt8(6)...7 { try register("digits", [byte]) }
        try store.tag(child, "state", "kept")
        _ = try store.move("champion", of: "digits", to: 1, note: nil)
        // The same bytes under another name: the file stays.
        try register("letters", [3])
        let unused = try store.unusedModels(beside: 2)
        #expect(Set(unused.map(\.version)) == [3, 4])
        // An alias that was given in the meantime protects.
        _ = try store.move("late", of: "digits", to: 4, note: nil)
        #expect(try store.delete(unused) == 0)
        #expect(try store.models(named: "digits").map(\.version) == [7, 6, 5, 4, 2, 1])
        #expect(try store.contents(of: try store.model(try ModelReference("letters@1"))) == [3])
        // A number is not given twice to different models while a later one is there.
        #expect(try register("digits", [8]).model.version == 8)
    }

    @Test func `two processes that register at once get two versions`() async throws {
        let file = history.file
        let versions = try await withThrowingTaskGroup(of: Int.self) { group in
            for byte in UInt8(0)..<8 {
                group.addTask {
                    let contents = ModelContents(
                        architecture: "logistic", precision: "f32", parameters: 1, input: [1], outputs: 1, metadata: [:]
                    )
                    let model = RegisteredModel(
                        name: "digits", digest: SHA256.hash([byte]).hexadecimal, bytes: 1, source: "here",
                        contents: contents, run: nil, parent: nil)
                    return try RunStore(at: file).register(model, [byte]).model.version
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(versions.sorted() == Array(1...8))
    }

    // MARK: Serving

    private func serving(_ name: String, _ version: Int, host: String = "here") -> ServedVersion {
        ServedVersion(name: name, version: version, fleet: "fleet", host: host, devices: 3)
    }

    @Test func `what is served is known, and not collected, until it ends`() throws {
        for byte in 1...3 { try register("digits", [UInt8(byte)]) }
        let row = try store.beginServing(serving("digits", 1))
        let served = try #require(try store.served("digits").first)
        #expect(served.version == 1 && served.devices == 3 && served.endedAt == nil && served.isServed(at: .now))
        #expect(try store.served("letters").isEmpty)
        #expect(try store.unusedModels(beside: 1).map(\.version) == [2])
        // Also one that is served since it was found to be unused.
        let all = try store.models()
        try store.delete(all)
        #expect(try store.models().map(\.version) == [1])
        try store.keepServing([row])
        try store.endServing(row)
        #expect(try store.served().first?.isServed(at: .now) == false)
        #expect(try store.served().first?.endedAt != nil)
        try store.delete(try store.models())
        #expect(try store.models().isEmpty && store.served().count == 1)
    }

    @Test func `a fleet whose process is gone serves nothing`() throws {
        try register("digits", [1])
        let row = try store.beginServing(serving("digits", 1))
        // Of this boot, and a start that no process has.
        let identity = ProcessIdentity.ofThisProcess.split(separator: " ").dropLast().joined(separator: " ") + " 1"
        try store.change { db in
            try db.execute(
                "UPDATE served_versions SET process = ? WHERE id = ?", [identity, row])
        }
        #expect(try store.served().first?.isServed(at: .now) == false)
        // Of another host: two minutes of silence.
        try store.change { db in try db.execute("UPDATE served_versions SET process = '' WHERE id = ?", [row]) }
        let served = try #require(try store.served().first)
        #expect(served.isServed(at: served.heartbeatAt + 119) && !served.isServed(at: served.heartbeatAt + 121))
    }

    @Test func `an alias is taken back only from the version that was refused`() throws {
        for byte in 1...3 { try register("digits", [UInt8(byte)]) }
        _ = try store.move("champion", of: "digits", to: 1, note: nil)
        _ = try store.move("champion", of: "digits", to: 2, note: nil)
        #expect(try store.takeBack("champion", of: "digits", from: 2, to: 1, note: "slower"))
        #expect(try store.version("champion", of: "digits") == 1)
        #expect(try store.moves(of: "digits").first?.note == "slower" && store.moves(of: "digits").first?.version == 1)
        // Somebody has moved it on meanwhile: it stays, and the reason is noted.
        _ = try store.move("champion", of: "digits", to: 3, note: nil)
        #expect(try !store.takeBack("champion", of: "digits", from: 2, to: 1, note: "slower again"))
        #expect(try store.version("champion", of: "digits") == 3)
        #expect(try store.moves(of: "digits").first?.note == "slower again")
        #expect(try store.moves(of: "digits").first?.version == 3)
        // Noted alone.
        #expect(try !store.takeBack("champion", of: "digits", from: 3, to: nil, note: "another signature"))
        #expect(try store.version("champion", of: "digits") == 3)
        // A version that is gone cannot be meant again.
        try store.delete(try store.models().filter { $0.version == 1 })
        #expect(try !store.takeBack("champion", of: "digits", from: 3, to: 1, note: "slower"))
        #expect(try store.version("champion", of: "digits") == 3)
    }
}
