import ArgumentParser
import Devices
import FedCore
import Foundation
import Records
import Serving
import Testing

@testable import fedmpi

/// The files that `fedmpi init` writes, read by the commands that take them.
struct InitTests {
    private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("init-\(UUID().uuidString)").path

    private func write() throws {
        let command = try #require(try FedMPI.parseAsRoot(["init", folder]) as? Init)
        try command.run()
    }

    @Test func `Each file is taken by its command, and none is overwritten`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try write()
        let run = try #require(
            try FedMPI.parseAsRoot(["train", "--dry-run", "--config", "\(folder)/run.yaml"]) as? Train)
        let settings = run.options.settings(ranks: 6)
        #expect(settings.clients == 10 && settings.model == "edgecnn-small" && settings.seed == 42)
        let sweep = try SweepFile(path: "\(folder)/sweep.yaml")
        #expect(sweep.target == 0.7)
        #expect(try FleetFile.fleet(named: "\(folder)/fleet.yaml").classes.count == 3)
        #expect(try ProfileFile.read("\(folder)/profiles.yaml").map(\.name) == ["gateway", "camera", "sensor"])

        let before = try Data(contentsOf: URL(fileURLWithPath: "\(folder)/run.yaml"))
        try Data().write(to: URL(fileURLWithPath: "\(folder)/fleet.yaml"))
        #expect(throws: ConfigurationError.self) { try write() }
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/run.yaml")) == before)
        #expect(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/fleet.yaml")).isEmpty)
    }
}
