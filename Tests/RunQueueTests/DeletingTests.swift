import FedCore
import Foundation
import RunStore
import Testing

@testable import RunQueue

struct DeletingTests {
    @Test func aDeletedRunLeavesNeitherFolderNorRows() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        try await queue.wait(for: queue.submit(FakePrograms.request("quick")).id, .finished)
        try await queue.wait(for: queue.submit(FakePrograms.request("quick-2")).id, .finished)
        await #expect(throws: ConfigurationError("'quick-2' is not the name of the run that is to be deleted")) {
            try await queue.delete("quick", confirming: "quick-2")
        }
        try await queue.delete("quick", confirming: "quick")
        #expect(try queue.store.queuedRuns().map(\.run) == ["quick-2"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: programs.results).sorted()
                == ["queue", "quick-2", "runs.sqlite", "starts"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: "\(programs.results)/queue").sorted() == [
                "2.log", "lock",
            ])
        await #expect(throws: QueueError.unknown("there is no run 'quick'")) {
            try await queue.delete("quick", confirming: "quick")
        }
        // Numbers are not used again.
        #expect(try await queue.submit(FakePrograms.request("quick")).id == 3)
    }

    @Test func aRunThatGoesOnIsNotDeleted() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        let id = try await queue.submit(FakePrograms.request("sleeps")).id
        try await queue.wait(for: id, .running)
        #expect(try await eventually { programs.starts == ["sleeps"] })
        await #expect(throws: QueueError.conflict("the run 'sleeps' is running: request 1")) {
            try await queue.delete("sleeps", confirming: "sleeps")
        }
        try await queue.stop(id)
        try await queue.wait(for: id, .stopped)
    }

    @Test func linksAndOtherFoldersAreNotDeleted() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        let outside = programs.folder.appendingPathComponent("outside")
        let files = FileManager.default
        try files.createDirectory(at: outside, withIntermediateDirectories: true)
        try Data("{}".utf8).write(to: outside.appendingPathComponent("config.json"))
        try files.createSymbolicLink(atPath: "\(programs.results)/link", withDestinationPath: outside.path)
        try files.createDirectory(atPath: "\(programs.results)/notes", withIntermediateDirectories: true)
        await #expect(throws: ConfigurationError("'link' is a symbolic link, and no run's folder")) {
            try await queue.delete("link", confirming: "link")
        }
        for name in ["notes", "queue"] {
            await #expect(throws: ConfigurationError("'\(name)' is no run's folder")) {
                try await queue.delete(name, confirming: name)
            }
        }
        await #expect(throws: ConfigurationError.self) {
            try await queue.delete("../outside", confirming: "../outside")
        }
        #expect(files.fileExists(atPath: outside.path + "/config.json"))
        // A link within a run goes, and not what it leads to.
        try await queue.wait(for: queue.submit(FakePrograms.request("quick")).id, .finished)
        try files.createSymbolicLink(atPath: "\(programs.results)/quick/link", withDestinationPath: outside.path)
        try await queue.delete("quick", confirming: "quick")
        #expect(files.fileExists(atPath: outside.path + "/config.json"))
    }
}
