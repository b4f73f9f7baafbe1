import FedCore
import Foundation
import Records
import RunStore
import Testing

@testable import RunQueue

struct RestartTests {
    @Test func aRunUnderWayIsFoundAndEndsUnderTheNextQueue() async throws {
        let programs = try FakePrograms()
        var queue: RunQueue? = try programs.queue()
        let id = try #require(try await queue?.submit(FakePrograms.request("sleeps")).id)
        try await queue?.wait(for: id, .running)
        #expect(try await eventually { programs.starts == ["sleeps"] })
        queue = nil
        let next = try programs.queue()
        await next.step()
        #expect(try next.store.queuedRun(id)?.state == .running)
        try await next.stop(id)
        #expect(try await next.wait(for: id, .stopped).exitCode == 143)
        #expect(programs.starts == ["sleeps"])
    }

    @Test func theCodeOfARunThatEndedWhileNobodyWatchedIsKnown() async throws {
        let programs = try FakePrograms()
        var queue: RunQueue? = try programs.queue()
        let id = try #require(try await queue?.submit(FakePrograms.request("fails")).id)
        // One step: started, and not looked at again.
        await queue?.step()
        queue = nil
        #expect(try await eventually { FileManager.default.fileExists(atPath: "\(programs.results)/queue/1.1.code") })
        let row = try await programs.queue().wait(for: id, .failed)
        #expect(row.exitCode == 1)
        #expect(row.reason == "it went wrong")
    }

    /// A row as a queue leaves it that is killed between writing it and starting the processes, or right after.
    private func cutOff(_ programs: FakePrograms, _ name: String) async throws -> QueuedRun {
        let queue = try programs.queue()
        var row = try await queue.submit(FakePrograms.request(name))
        (row.state, row.attempt, row.process) = (.starting, 1, ProcessIdentity.here)
        try await queue.save(row)
        return row
    }

    @Test func aStartThatNeverHappenedHappensOnce() async throws {
        let programs = try FakePrograms()
        let row = try await cutOff(programs, "quick")
        let queue = try programs.queue()
        let ended = try await queue.wait(for: row.id, .finished)
        #expect(ended.attempt == 2)
        #expect(programs.starts == ["quick"])
    }

    @Test func aStartThatHappenedIsFoundByItsClaim() async throws {
        let programs = try FakePrograms()
        let row = try await cutOff(programs, "sleeps")
        let ticket = Ticket(base: "\(programs.results)/queue/\(row.id).1")
        let fedmpi = programs.folder.appendingPathComponent("fedmpi").path
        _ = try ChildProcess.start(
            ticket.words([fedmpi, "train", "--run-name", "sleeps", "--results", programs.results]),
            environment: [:], log: "\(programs.results)/queue/1.log")
        #expect(try await eventually { ticket.isStarted && programs.starts == ["sleeps"] })
        let queue = try programs.queue()
        let found = try await queue.wait(for: row.id, .running)
        #expect(Session(found.process)?.isLed == true)
        try await queue.stop(row.id)
        try await queue.wait(for: row.id, .stopped)
        #expect(programs.starts == ["sleeps"])
    }

    @Test func aStartThatComesAfterItWasTakenBackStartsNothing() async throws {
        let programs = try FakePrograms()
        let folder = programs.folder.path
        let ticket = Ticket(base: "\(folder)/7.1")
        #expect(try ticket.settle(place: "boot namespace") == .takenBack)
        // Also for a queue that does not know that it has.
        #expect(try ticket.settle(place: "boot namespace") == .takenBack)
        let code = try await ChildProcess.run(
            ticket.words(["/bin/sh", "-c", "echo started >>\(folder)/starts"]), environment: [:], log: "\(folder)/log")
        #expect(code == 1)
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/starts"))
        #expect(ticket.code == nil)
    }

    @Test func anAttemptThatWasBegunCannotBeTakenBack() async throws {
        let folder = try FakePrograms()
        let ticket = Ticket(base: "\(folder.folder.path)/7.1")
        let code = try await ChildProcess.run(
            ticket.words(["/bin/sh", "-c", "exit 23"]), environment: [:], log: "\(folder.folder.path)/log")
        #expect(code == 0)
        #expect(ticket.code == 23)
        let here = try #require(ProcessIdentity.here)
        guard case .begun(let process) = try ticket.settle(place: here) else {
            Issue.record("it was taken back")
            return
        }
        #expect(ProcessIdentity.isAlive(process) == false)
        // A second process under the same ticket starts nothing.
        #expect(
            try await ChildProcess.run(
                ticket.words(["/bin/true"]), environment: [:], log: "\(folder.folder.path)/log") == 1)
    }

    @Test func whatAKilledQueueWasAboutToRemoveIsRemoved() async throws {
        let programs = try FakePrograms()
        let row = try await cutOff(programs, "quick")
        let folder = "\(programs.results)/queue"
        let files = ["\(row.id).json", "9.1.code", "9.1.started", "9.json", "9.log"]
        for name in files { try Data().write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        try FileManager.default.createDirectory(atPath: "\(folder)/deleted-X/timing", withIntermediateDirectories: true)
        let queue = try programs.queue()
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["1.json", "9.log", "lock"])
        try await queue.wait(for: row.id, .finished)
    }

    @Test func aRunOfBeforeTheMachinesStartHasFailed() async throws {
        let programs = try FakePrograms()
        var row = try await cutOff(programs, "quick")
        (row.state, row.process) = (.running, "another-boot pid:[1] \(getpid()) 1")
        try RunStore(results: programs.results).update(row)
        try Data("1 (sh) S\n".utf8).write(to: URL(fileURLWithPath: "\(programs.results)/queue/1.1.started"))
        let ended = try await programs.queue().wait(for: row.id, .failed)
        #expect(ended.reason == "the machine was started anew while it ran")
    }

    @Test func aChildHasItsOwnSessionNoFilesOfOursAndFreshSignals() async throws {
        let folder = try FakePrograms()
        let log = folder.folder.appendingPathComponent("log").path
        let inherited = open("/dev/null", O_RDONLY)
        defer { close(inherited) }
        signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, SIG_DFL) }
        let script =
            "ls /proc/$$/fd; grep SigIgn /proc/$$/status; [ \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ ] && echo leads"
        #expect(
            try await ChildProcess.run(["/bin/sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], log: log) == 0
        )
        let lines = try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        // The shell itself may have one more open, from 10 on.
        #expect(lines.filter { ("0"..."9").contains($0) } == ["0", "1", "2"])
        // The C library keeps 32 and 33 for its threads.
        let ignored = lines.first { $0.hasPrefix("SigIgn:\t") }.flatMap { UInt64($0.dropFirst(8), radix: 16) }
        #expect(ignored.map { $0 & (1 << 31 - 1) } == 0)
        #expect(lines.contains("leads"))
    }
}
