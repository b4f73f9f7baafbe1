import FedCore
import Foundation
import RunStore
import Testing

@testable import RunQueue

struct RunQueueTests {
    @Test func aRunEndsWithItsCodeAndNothingOfItsStartIsLeft() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        let submitted = try await queue.submit(FakePrograms.request("quick"))
        #expect(submitted.state == .waiting)
        #expect(submitted.run == "quick")
        let row = try await queue.wait(for: submitted.id, .finished)
        #expect(row.exitCode == 0)
        #expect(row.reason == nil)
        #expect(row.startedAt != nil && row.finishedAt != nil)
        #expect(programs.starts == ["quick"])
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(programs.results)/queue").sorted()
        #expect(left == ["1.log", "lock"])
    }

    @Test(arguments: [
        ("fails", QueuedRun.State.failed, 1, "it went wrong"),
        ("budget", .finished, 4, "the privacy budget is spent"),
    ])
    func anEndIsToldInTheRunsOwnWords(
        _ name: String, _ state: QueuedRun.State, _ code: Int, _ reason: String
    ) async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        defer { withExtendedLifetime(programs) {} }
        let row = try await queue.wait(for: queue.submit(FakePrograms.request(name)).id, state)
        #expect(row.exitCode == code)
        #expect(row.reason == reason)
    }

    @Test func runsStartInOrderWhenTheirRanksFit() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue(cores: 4)
        let first = try await queue.submit(FakePrograms.request("sleeps-1", ranks: 3)).id
        let second = try await queue.submit(FakePrograms.request("sleeps-2", ranks: 2)).id
        let third = try await queue.submit(FakePrograms.request("sleeps-3", ranks: 1)).id
        try await queue.wait(for: first, .running)
        await queue.step()
        // The third would fit, but not before the second.
        #expect(await queue.position(of: first) == nil)
        #expect(await queue.position(of: second) == 1)
        #expect(await queue.position(of: third) == 2)
        #expect(await queue.coresTaken == 3)
        _ = try await eventually { programs.starts == ["sleeps-1"] }
        try await queue.stop(first)
        try await queue.wait(for: third, .running)
        #expect(await queue.coresTaken == 3)
        for id in [second, third] { try await queue.stop(id) }
        try await queue.wait(for: second, .stopped)
        try await queue.wait(for: third, .stopped)
    }

    @Test func aRunThatNeedsMoreThanThereIsRunsAlone() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue(cores: 2)
        let small = try await queue.submit(FakePrograms.request("sleeps-small", ranks: 1)).id
        let large = try await queue.submit(FakePrograms.request("sleeps-large", ranks: 9)).id
        try await queue.wait(for: small, .running)
        await queue.step()
        #expect(await queue.position(of: large) == 1)
        try await queue.stop(small)
        try await queue.wait(for: large, .running)
        #expect(await queue.coresTaken == 9)
        try await queue.stop(large)
        try await queue.wait(for: large, .stopped)
    }

    @Test func aRunTakesACoreForEachThreadUnlessItSaysOtherwise() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue(cores: 1)
        var request = RunRequest(settings: ["threads": 2], ranks: 3, by: "anna")
        let first = try await queue.submit(request)
        #expect(first.cores == 6)
        // Names that nobody gives are of the request's number.
        #expect(first.run == "run-1")
        request.cores = 2
        #expect(try await queue.submit(request).cores == 2)
        request.cores = 0
        await #expect(throws: ConfigurationError("cores is 0; it must be at least 1")) {
            try await queue.submit(request)
        }
        request.ranks = 0
        await #expect(throws: ConfigurationError("ranks is 0; it must be from 1 to 1024")) {
            try await queue.submit(request)
        }
    }

    @Test func aStoppedRunSavesAndSaysSo() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        let id = try await queue.submit(FakePrograms.request("sleeps")).id
        try await queue.wait(for: id, .running)
        #expect(try await eventually { programs.starts == ["sleeps"] })
        #expect(try await queue.stop(id).stopRequestedAt != nil)
        let row = try await queue.wait(for: id, .stopped)
        #expect(row.exitCode == 143)
        #expect(row.reason == "stopped, saved")
    }

    @Test(arguments: [true, false])
    func aRunThatDoesNotStopIsKilled(bySecondStop isAskedTwice: Bool) async throws {
        let programs = try FakePrograms()
        var configuration = try programs.configuration()
        if !isAskedTwice { configuration.patience = .milliseconds(200) }
        let queue = try RunQueue(configuration)
        let id = try await queue.submit(FakePrograms.request("stubborn")).id
        let session = try #require(Session(try await queue.wait(for: id, .running).process))
        #expect(try await eventually { programs.starts == ["stubborn"] })
        try await queue.stop(id)
        if isAskedTwice {
            await queue.step()
            #expect(try queue.store.queuedRun(id)?.state == .running)
            try await queue.stop(id)
        }
        let row = try await queue.wait(for: id, .stopped)
        #expect(row.reason == "it was killed after it had been asked to stop")
        #expect(!session.isLed)
    }

    @Test func whatWaitsCanBeCancelledAndWhatRunsCannot() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue(cores: 1)
        defer { withExtendedLifetime(programs) {} }
        let running = try await queue.submit(FakePrograms.request("sleeps")).id
        let waiting = try await queue.submit(FakePrograms.request("quick")).id
        try await queue.wait(for: running, .running)
        #expect(try await queue.cancel(waiting).state == .cancelled)
        await #expect(throws: QueueError.conflict("request 2 is over: it is cancelled")) {
            try await queue.cancel(waiting)
        }
        await #expect(
            throws: QueueError.conflict("request 1 does not wait any more: it is running; stop it instead")
        ) { try await queue.cancel(running) }
        await #expect(throws: QueueError.unknown("there is no request 77")) { try await queue.stop(77) }
        try await queue.stop(running)
        try await queue.wait(for: running, .stopped)
    }

    @Test func changesAreToldAsTheyHappen() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        defer { withExtendedLifetime(programs) {} }
        let changes = await queue.changes()
        let loop = Task { await queue.run() }
        let id = try await queue.submit(FakePrograms.request("quick")).id
        var states: [QueuedRun.State] = []
        for await changed in changes where changed.id == id {
            states.append(changed.state)
            if changed.state.isOver { break }
        }
        #expect(states == [.waiting, .starting, .running, .finished])
        loop.cancel()
        await loop.value
    }

    @Test func aSweepIsOneRequestAndGoesOnAfterItWasStopped() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        var request = RunRequest(
            sweeping: ["alpha": [0.1, 1]], base: ["rounds": 3], ranks: 2, name: "sleeps", by: "anna")
        request.cores = 1
        let first = try await queue.submit(request)
        #expect(
            await queue.arguments(of: first).prefix(4).joined(separator: " ").hasSuffix(
                "\(first.id).json --sweep-name sleeps"))
        try await queue.wait(for: first.id, .running)
        await #expect(throws: QueueError.self) { try await queue.goOn(withSweep: first.id, by: "bert") }
        try #require(try await eventually { programs.starts == ["sleeps"] })
        try await queue.stop(first.id)
        try await queue.wait(for: first.id, .stopped)
        let second = try await queue.goOn(withSweep: first.id, by: "bert")
        #expect(second.settings == first.settings && second.run == "sleeps" && second.submitter == "bert")
        #expect(first.cores == 1 && second.cores == 1)
        try await queue.wait(for: second.id, .running)
        try await queue.stop(second.id)
        try await queue.wait(for: second.id, .stopped)
        let run = try await queue.submit(FakePrograms.request("quick"))
        try await queue.wait(for: run.id, .finished)
        await #expect(throws: QueueError.conflict("request \(run.id) is for a run: resume the run")) {
            try await queue.goOn(withSweep: run.id, by: "bert")
        }
    }

    @Test func onlyOneProcessIsTheQueue() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        #expect(throws: ConfigurationError("another process has the queue of '\(programs.results)'")) {
            try programs.queue()
        }
        _ = await queue.openRuns
    }

    @Test func aRunGoesOnInItsFolder() async throws {
        let programs = try FakePrograms()
        let queue = try programs.queue()
        let first = try await queue.submit(FakePrograms.request("sleeps", ranks: 2)).id
        try await queue.wait(for: first, .running)
        #expect(try await eventually { programs.starts == ["sleeps"] })
        await #expect(throws: QueueError.conflict("the run 'sleeps' is running: request 1")) {
            try await queue.resume("sleeps", by: "anna")
        }
        try await queue.stop(first)
        try await queue.wait(for: first, .stopped)
        let second = try await queue.resume("sleeps", rounds: 9, by: "berta", note: "longer")
        #expect(second.kind == .resume && second.ranks == 2 && second.settings == ["rounds": 9])
        try await queue.wait(for: second.id, .running)
        #expect(try await eventually { programs.starts == ["sleeps", "sleeps"] })
        try await queue.stop(second.id)
        try await queue.wait(for: second.id, .stopped)
        await #expect(throws: QueueError.unknown("there is no run 'nobody'")) {
            try await queue.resume("nobody", by: "anna")
        }
    }
}
