import FedCore
import Foundation
import Testing

@testable import Experiments
@testable import Records

@Suite struct SweepRunTests {
    private let results = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

    private func run(_ change: (inout RunSettings) -> Void = { _ in }) -> SweepRun {
        var settings = RunSettings()
        change(&settings)
        return SweepRun(
            index: 0, settings: settings, outputs: RunOutputs.Choice(results: results.path, name: "run"), name: "run",
            isTimed: false)
    }

    /// What a run with these settings leaves.
    private func leave(_ files: [String], of run: SweepRun) throws {
        try FileManager.default.createDirectory(at: run.folder, withIntermediateDirectories: true)
        for file in files {
            let settings = String(decoding: try JSONEncoder().encode(run.settings), as: UTF8.self)
            let text = file == "config.json" ? "{\"settings\": \(settings)}" : ""
            try Data(text.utf8).write(to: run.folder.appendingPathComponent(file))
        }
    }

    @Test func `How far a run is, is told by its files`() throws {
        #expect(try run().progress(renamedBy: "--sweep-name") == .none)
        try leave([], of: run())
        #expect(try run().progress(renamedBy: "--sweep-name") == .begun)
        try leave(["config.json", "checkpoint"], of: run())
        #expect(try run().progress(renamedBy: "--sweep-name") == .begun)
        try leave(["model.safetensors"], of: run())
        #expect(try run().progress(renamedBy: "--sweep-name") == .finished)
    }

    @Test func `A folder that no run has left is refused, and stays`() throws {
        try leave(["partition.csv", "timing"], of: run())
        #expect(try run().progress(renamedBy: "--sweep-name") == .begun)
        try leave(["thesis.tex"], of: run())
        let error = #expect(throws: ConfigurationError.self) { try run().progress(renamedBy: "--sweep-name") }
        #expect(try #require(error).description.contains("has 'thesis.tex' and no config.json"))
        #expect(FileManager.default.fileExists(atPath: run().folder.appendingPathComponent("thesis.tex").path))
    }

    @Test func `A run with other settings is refused, with what differs`() throws {
        try leave(["config.json", "model.safetensors"], of: run { $0.rounds = 30 })
        let error = #expect(throws: ConfigurationError.self) {
            try run { $0.rounds = 50 }.progress(renamedBy: "--sweep-name")
        }
        let text = try #require(error).description
        #expect(
            text.hasPrefix(
                "run: there is a run with other settings (rounds 30 instead of 50); choose another name by --sweep-name,"
            ))
    }

    @Test func `A run of a version with fewer settings is known by those it had`() throws {
        try leave(["model.safetensors"], of: run())
        let config = run().folder.appendingPathComponent("config.json")
        try Data(#"{"fedmpi": "0.0.1", "settings": {"rounds": 30, "lr": 0.05, "seed": 18446744073709551615}}"#.utf8)
            .write(to: config)
        let same = run {
            $0.rounds = 30
            $0.seed = .max
        }
        #expect(try same.progress(renamedBy: "--sweep-name") == .finished)
        #expect(throws: ConfigurationError.self) { try run { $0.rounds = 30 }.progress(renamedBy: "--sweep-name") }
        try Data("[]".utf8).write(to: config)
        #expect(throws: ConfigurationError.self) { try same.progress(renamedBy: "--sweep-name") }
    }

    @Test func `What is left without a checkpoint is removed`() throws {
        #expect(try run().resumed(warn: { _ in }) == nil)
        try leave(["config.json", "partition.csv"], of: run())
        #expect(try run().resumed(warn: { _ in }) == nil)
        #expect(!FileManager.default.fileExists(atPath: run().folder.path))
    }

    @Test func `A damaged checkpoint is told of, and the run starts afresh`() throws {
        try leave(["config.json", "checkpoint"], of: run())
        var warnings: [String] = []
        #expect(try run().resumed(warn: { warnings.append($0) }) == nil)
        #expect(warnings.count == 1 && warnings[0].contains("is cut off"), "\(warnings)")
    }

    @Test func `A folder is locked until its lock goes`() throws {
        try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
        var lock: FolderLock? = try FolderLock(results)
        #expect(throws: ConfigurationError.self) { try FolderLock(results) }
        withExtendedLifetime(lock) {}
        lock = nil
        let second = try FolderLock(results)
        let file = results.appendingPathComponent("lock").path
        #expect(FileManager.default.fileExists(atPath: file))
        second.release()
        #expect(!FileManager.default.fileExists(atPath: file))
        // What a killed process leaves is no obstacle.
        try Data().write(to: URL(fileURLWithPath: file))
        let third = try FolderLock(results)
        // A file that somebody else has put in its place is not this lock's to remove.
        try FileManager.default.removeItem(atPath: file)
        try Data().write(to: URL(fileURLWithPath: file))
        third.release()
        #expect(FileManager.default.fileExists(atPath: file))
    }
}

extension ResumedRun: Equatable {
    static func == (left: ResumedRun, right: ResumedRun) -> Bool {
        left.folder == right.folder && left.generation == right.generation && left.state == right.state
    }
}
