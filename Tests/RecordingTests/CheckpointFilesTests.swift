import FedCore
import Federation
import Files
import Foundation
import Recording
import Records
import Testing

@Suite struct CheckpointFilesTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    private let files: CheckpointFiles

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        files = CheckpointFiles(in: folder)
    }

    private func damage(_ name: String) throws {
        try Data("FEDMPICP".utf8).write(to: folder.appendingPathComponent(name))
    }

    @Test func `The newest and the one before it are kept, and nothing else`() throws {
        for rounds in 1...4 { try files.save(CheckpointTests.saved(rounds: rounds)) }
        #expect(try files.load(.newest).state.round == 4)
        #expect(try files.load(.previous).state.round == 3)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                == ["checkpoint", "checkpoint.previous"])
    }

    @Test func `A damaged newest is refused with the reason, and the previous is offered`() throws {
        for rounds in 1...2 { try files.save(CheckpointTests.saved(rounds: rounds)) }
        try damage("checkpoint")
        let error = #expect(throws: ConfigurationError.self) { try files.load(.newest) }
        let text = try #require(error?.description)
        #expect(text.contains("cut off after 8 bytes") && text.contains("round 1") && text.contains("--from previous"))
        #expect(try files.load(.previous).state.round == 1)

        try damage("checkpoint.previous")
        let both = #expect(throws: ConfigurationError.self) { try files.load(.newest) }
        #expect(both?.description.contains("--from") == false)
    }

    @Test func `No checkpoint at all is said`() throws {
        let error = #expect(throws: ConfigurationError.self) { try files.load(.newest) }
        #expect(error?.description.contains("cannot be read") == true)
    }

    @Test func `A run continued from the previous checkpoint does not put the damaged one in its place`() throws {
        for rounds in 1...2 { try files.save(CheckpointTests.saved(rounds: rounds)) }
        try damage("checkpoint")
        let run = try RunFolder(
            resuming: folder, from: files.load(.previous), environment: RunEnvironment(mpi: "", oneDNN: ""),
            troubles: OutputTroubles { _ in })
        let writer = CheckpointWriter(run, every: 1, resumed: (.previous, 1))
        writer.stateReached(round: 2, isLast: false) { CheckpointTests.state(rounds: 2) }
        #expect(try files.load(.newest).state.round == 2)
        #expect(try files.load(.previous).state.round == 1)
    }

    @Test func `A folder that is gone is an error of the save`() throws {
        try FileManager.default.removeItem(at: folder)
        #expect(throws: FileError.self) { try files.save(CheckpointTests.saved()) }
    }
}

@Suite struct RunFolderFindTests {
    private let results = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

    @Test func `A run is found by its path and by its name`() throws {
        let run = results.appendingPathComponent("mine")
        try FileManager.default.createDirectory(at: run, withIntermediateDirectories: true)
        #expect(try RunFolder.find(run.path, results: "elsewhere").path == run.path)
        #expect(try RunFolder.find("mine", results: results.path).path == run.path)
        let error = #expect(throws: ConfigurationError.self) { try RunFolder.find("other", results: results.path) }
        #expect(error?.description.contains("other") == true)
        #expect(throws: ConfigurationError.self) { try RunFolder.find("", results: results.path) }
    }
}
