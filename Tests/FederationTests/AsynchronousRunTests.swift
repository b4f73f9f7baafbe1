import Cryptography
import Devices
import FedCore
import Foundation
import MPI
import MPITesting
import Recording
import Selection
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Whole asynchronous runs, ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct AsynchronousRunTests {
    final class Recorder: RoundObserver {
        var records: [RoundRecord] = []
        var states: [RunState] = []
        var faults: [FaultRecord] = []
        var digest: String?

        func roundFinished(_ record: RoundRecord) { records.append(record) }
        func stateReached(round: Int, isLast: Bool, state: () -> RunState) { states.append(state()) }
        func faulted(_ fault: FaultRecord) { faults.append(fault) }
        func runFinished(_ summary: RunSummary, weights: Span<Float>) { digest = weightsDigest(weights) }
    }

    struct Outcome: Sendable {
        var records: [RoundRecord]
        var states: [RunState]
        var faults: [FaultRecord]
        var digest: String?
        var hasLostRanks: Bool
        var error: String?
    }

    /// What rank 0 saw.
    static func run(_ settings: RunSettings, ranks: Int = 1, from state: RunState? = nil) throws -> Outcome {
        try ThreadRanks.run(ranks) { communicator in
            let recorder = Recorder()
            let isServer = communicator.rank == 0
            var error: String?
            var hasLostRanks = false
            do {
                hasLostRanks = try Session.run(
                    isServer ? settings : nil, resuming: isServer ? state : nil, on: communicator
                ) { _ in [recorder] }
            } catch let failure as TooFewUpdates {
                error = "\(failure)"
            }
            return Outcome(
                records: recorder.records, states: recorder.states, faults: recorder.faults, digest: recorder.digest,
                hasLostRanks: hasLostRanks, error: error)
        }[0]
    }

    static func settings(_ strategy: String, _ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.strategy = strategy
            $0.rounds = 8
            $0.clients = 9
            $0.clientFraction = 0.5
            $0.evalEvery = 4
            change(&$0)
        }
    }

    /// Devices of all kinds, some late, some that do not answer.
    static func unlike(_ strategy: String, _ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        settings(strategy) {
            $0.deviceSpeed = 20
            $0.deviceSpread = 1
            $0.stragglerProb = 0.3
            $0.stragglerDelay = 2
            $0.dropProb = 0.1
            $0.latencyMs = 50
            $0.failureTimeout = 5
            if strategy == "fedbuff" { $0.strategyOptions = ["buffer": "3"] }
            change(&$0)
        }
    }

    static func timeless(_ records: [RoundRecord]) -> [RoundRecord] { ResumeTests.timeless(records) }

    // MARK: What it is equal to

    @Test(arguments: [1, 2, 4]) func `FedBuff whose buffer is the cohort, with nothing stale, is FedAvg to the bit`(
        ranks: Int
    ) throws {
        let same: (inout RunSettings) -> Void = {
            $0.clients = 7
            $0.clientFraction = 0.6
            $0.momentum = 0.5
        }
        let average = try Self.run(Self.settings("fedavg", same), ranks: ranks)
        let buffered = try Self.run(
            Self.settings("fedbuff") {
                same(&$0)
                $0.strategyOptions = ["buffer": "4"]
            }, ranks: ranks)
        #expect(average.digest != nil && buffered.digest == average.digest)
        #expect(buffered.records.allSatisfy { $0[.stalenessMean] == 0 && $0[.stalenessMax] == 0 })
        let plain = buffered.records.map {
            var record = $0
            record[.stalenessMean] = nil
            record[.stalenessMax] = nil
            return record
        }
        #expect(Self.timeless(plain) == Self.timeless(average.records))
    }

    @Test func `With equal devices FedBuff takes the virtual time of FedAvg`() throws {
        let devices: (inout RunSettings) -> Void = {
            $0.partition = "iid"
            $0.deviceSpeed = 10
            $0.latencyMs = 100
        }
        let average = try Self.run(Self.settings("fedavg", devices))
        let buffered = try Self.run(
            Self.settings("fedbuff") {
                devices(&$0)
                $0.strategyOptions = ["buffer": "5"]
            })
        #expect(buffered.digest == average.digest)
        // Times since the run's start are not exact differences.
        for (mine, theirs) in zip(buffered.records, average.records) {
            #expect(abs((mine.simulatedSeconds ?? -1) - (theirs.simulatedSeconds ?? 1)) < 1e-9)
        }
    }

    @Test func `FedAsync that replaces the model, with one client in flight, is training one client after the other`()
        throws
    {
        // w ← w + (w_k − w): FedAvg over cohorts of one.
        let one: (inout RunSettings) -> Void = { $0.clientFraction = 0.1 }
        let average = try Self.run(Self.settings("fedavg", one))
        let mixed = try Self.run(
            Self.settings("fedasync") {
                one(&$0)
                $0.strategyOptions = ["alpha": "1", "mu": "0"]
            }, ranks: 3)
        #expect(mixed.digest == average.digest)
    }

    // MARK: The same bits

    @Test(arguments: ["fedasync", "fedbuff"]) func `Unlike devices give the same bits at 1, 2 and 4 ranks`(
        strategy: String
    ) throws {
        let settings = Self.unlike(strategy)
        let alone = try Self.run(settings)
        #expect(alone.digest != nil && alone.records.count == 8)
        #expect(alone.records.contains { ($0[.stalenessMax] ?? 0) > 0 })
        for ranks in [2, 4] {
            let spread = try Self.run(settings, ranks: ranks)
            #expect(spread.digest == alone.digest, "\(ranks) ranks")
            #expect(Self.timeless(spread.records) == Self.timeless(alone.records))
            #expect(!spread.hasLostRanks)
        }
    }

    @Test(arguments: ["fedasync", "fedbuff"])
    func `Every state on the way leads to the same end, at another number of ranks`(strategy: String) throws {
        let settings = Self.unlike(strategy)
        let whole = try Self.run(settings, ranks: 3)
        #expect(whole.states.map(\.round) == Array(1...8))
        for state in whole.states.dropLast() {
            let read = try Checkpoint.decode(Checkpoint.encode(SavedRun(state))).state
            #expect(read == state)
            let rest = try Self.run(read.settings, ranks: state.round % 3 + 1, from: read)
            #expect(rest.digest == whole.digest, "after step \(state.round)")
            #expect(Self.timeless(rest.records) == Self.timeless(Array(whole.records[state.round...])))
        }
    }

    @Test func `A run stopped within a step goes on to the same end`() throws {
        let settings = Self.unlike("fedbuff") { $0.rounds = 6 }
        let whole = try Self.run(settings)
        let stopped = try ResumeTests.run(settings, ranks: 3, stopAfter: 3)
        let state = try #require(stopped[0].stopped)
        #expect(state.round >= 3 && !state[PartName.inFlight].isEmpty)
        let rest = try Self.run(settings, ranks: 2, from: Checkpoint.decode(Checkpoint.encode(SavedRun(state))).state)
        #expect(rest.digest == whole.digest)
    }

    @Test func `A client that trains twice from one version trains differently`() throws {
        // One client, a buffer of two: its two turns of a step differ only in their attempt.
        let settings = Self.settings("fedbuff") {
            ($0.rounds, $0.clients, $0.clientFraction) = (1, 1, 1)
            $0.strategyOptions = ["buffer": "2"]
        }
        let twice = try Self.run(settings)
        var once = settings
        once.strategyOptions = ["buffer": "1"]
        let first = try Self.run(once)
        #expect(twice.records[0].participants == 2 && twice.records[0][.stalenessMax] == 0)
        #expect(twice.digest != first.digest)
    }

    @Test(
        arguments: Selections.all.map { $0.name }.filter { !(SelectionRunTests.needFleet + ["poisson"]).contains($0) })
    func `With every selection rule the bits are the same at other ranks, and after a resume`(rule: String) throws {
        let settings = Self.unlike("fedbuff") { $0.selection = rule }
        let alone = try Self.run(settings)
        #expect(alone.digest != nil)
        #expect(try Self.run(settings, ranks: 3).digest == alone.digest)
        let state = try Checkpoint.decode(Checkpoint.encode(SavedRun(alone.states[3]))).state
        #expect(try Self.run(settings, ranks: 2, from: state).digest == alone.digest)
    }

    @Test func `A rule that draws rounds is refused where there are none`() {
        #expect(throws: ConfigurationError.self) {
            _ = try Job(Self.unlike("fedbuff") { $0.selection = "poisson" }).settings
        }
    }

    // MARK: Staleness and time

    @Test func `Steps have the staleness and the time of the schedule worked out by hand`() throws {
        // Clients with 10, 20 and 40 samples at 10 samples/s: 1, 2 and 4 s. See `AsynchronousScheduleTests`.
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("classes-\(UUID().uuidString).csv")
        let table = [1, 2, 4].map { count in Array(repeating: "\(count)", count: 10).joined(separator: ",") }
        try Data(table.joined(separator: "\n").utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let settings = Self.settings("fedasync") {
            ($0.rounds, $0.clients, $0.clientFraction) = (9, 3, 1)
            $0.samplesPerClient = 100
            $0.partition = "class-exact"
            $0.partitionOptions = ["file": file.path]
            $0.deviceSpeed = 10
        }
        let run = try Self.run(settings, ranks: 3)
        #expect(run.records.map { $0[.stalenessMax] } == [0, 0, 2, 0, 0, 2, 6, 0, 0])
        #expect(run.records.map { $0[.stalenessMean] } == [0, 0, 2, 0, 0, 2, 6, 0, 0])
        #expect(run.records.map(\.simulatedSeconds) == [1, 1, 0, 1, 1, 0, 0, 1, 1])
        #expect(run.records.map(\.samples) == [10, 10, 20, 10, 10, 20, 40, 10, 10])
        // Three starts at first, then one after each instant's arrivals for each of them.
        let frame = run.records[0].downloadBytes / 3
        #expect(run.records.map { $0.downloadBytes / frame } == [3, 1, 0, 2, 1, 0, 0, 3, 1])
    }

    @Test func `What is too stale is left out and counted as late`() throws {
        let all = try Self.run(Self.unlike("fedasync") { $0.dropProb = 0 })
        let some = try Self.run(
            Self.unlike("fedasync") {
                $0.dropProb = 0
                $0.strategyOptions = ["max-staleness": "1"]
            })
        #expect(all.records.contains { ($0[.stalenessMax] ?? 0) > 1 })
        #expect(some.records.allSatisfy { ($0[.stalenessMax] ?? 0) <= 1 })
        #expect(some.records.contains { $0.late > 0 } && some.digest != all.digest)
    }

    @Test func `Every turn is counted once`() throws {
        let run = try Self.run(Self.unlike("fedbuff") { $0.dropProb = 0.3 }, ranks: 2)
        for record in run.records {
            #expect(record.participants == 3)
            #expect(record.participants + record.rejected + record.late + record.dropped == record.cohort)
        }
        #expect(run.records.contains { $0.dropped > 0 })
    }

    @Test func `A run without updates stops, with its state`() throws {
        let run = try Self.run(
            Self.settings("fedbuff") {
                $0.dropProb = 1
                $0.roundRetries = 2
            }, ranks: 2)
        #expect(run.error == "round 1 had 0 of the 10 updates it needs, at attempt 3")
    }

    // MARK: Ranks that are lost

    @Test func `A rank that falls silent changes no bit`() throws {
        let settings = Self.unlike("fedbuff") { $0.failureTimeout = 1 }
        var disturbed = settings
        disturbed.inject = ["delay:rank=2@round=3,phase=train,seconds=4"]
        let run = try Self.run(disturbed, ranks: 4)
        #expect(run.digest == (try Self.run(settings).digest))
        #expect(run.faults.contains { $0.kind == .rankLost && $0.rank == 2 } && run.hasLostRanks)
    }

    @Test func `With the policy drop a lost rank's clients are counted, and others start in their place`() throws {
        let run = try Self.run(
            Self.settings("fedasync") {
                $0.failureTimeout = 1
                $0.onFailure = .drop
                $0.inject = ["delay:rank=2@round=1,phase=train,seconds=4"]
            }, ranks: 3)
        let lost = run.faults.filter { $0.kind == .rankDropped }
        #expect(!lost.isEmpty && run.records.count == 8)
        #expect(run.records.reduce(0) { $0 + $1.dropped } == lost.reduce(0) { $0 + $1.clients.count })
    }

    // MARK: Real time

    @Test(arguments: [1, 3]) func `In real time a run ends, and every update is accounted for`(ranks: Int) throws {
        let run = try Self.run(
            Self.settings("fedbuff") {
                $0.rounds = 6
                $0.strategyOptions = ["buffer": "3"]
                $0.deviceSpeed = 1000
                $0.deviceSpread = 1
                $0.realDelays = true
            }, ranks: ranks)
        #expect(run.records.count == 6 && !run.hasLostRanks)
        let frame = run.records[0].downloadBytes
        var (starts, ends) = (0, 0)
        for record in run.records {
            #expect(record.participants == 3 && record.participants + record.dropped == record.cohort)
            #expect(record.simulatedSeconds == nil && record[.stalenessMean] != nil)
            starts += record.downloadBytes
            ends += record.cohort
        }
        // Whoever has started and not ended is in flight: at most as many as there are seats.
        #expect(frame > 0 && ends == 18)
        let frameBytes = RoundFrame.byteCount(cohortCapacity: 5, parameterCount: 7850)
        #expect(starts % frameBytes == 0 && (ends...(ends + 5)).contains(starts / frameBytes))
    }

    @Test func `In real time a faster device is used more often`() throws {
        // Two clients over two ranks: with the first seed for which one device is 20 times faster than the other, 20
        // samples take one of them 10 ms and the other 200 ms or more.
        var settings = Self.settings("fedasync") {
            ($0.rounds, $0.clients, $0.clientFraction) = (12, 2, 1)
            $0.partition = "iid"
            $0.samplesPerClient = 20
            $0.deviceSpread = 2
            $0.realDelays = true
        }
        settings.deviceSpeed = 1
        func speeds() -> [Double] {
            (0..<2).compactMap { settings.simulation.samplesPerSecond(ofClient: $0, seed: settings.seed) }.sorted()
        }
        while speeds()[1] < 20 * speeds()[0] { settings.seed += 1 }
        settings.deviceSpeed = 2000 / speeds()[1]
        let run = try Self.run(settings, ranks: 3)
        #expect(run.records.prefix(3).allSatisfy { $0[.stalenessMax] == 0 })
    }

    // MARK: What cannot be honoured

    @Test func `What an asynchronous server cannot honour is refused`() {
        let changes: [(inout RunSettings) -> Void] = [
            { $0.wire = "reduce" },
            { $0.roundDeadline = 5 },
            { $0.minClients = 4 },
            { $0.deviceSpread = 1 },
            { $0.clientTest = 0.2 },
            {
                $0.aggregation = "krum"
                $0.aggregationOptions = ["attackers": "1"]  // needs 5 updates, and the buffer holds 3
            },
        ]
        for change in changes {
            let settings = Self.settings("fedbuff") {
                $0.strategyOptions = ["buffer": "3"]
                change(&$0)
            }
            #expect(throws: ConfigurationError.self) { try Job(settings) }
        }
    }

    @Test func `A robust rule sees the buffer's updates`() throws {
        let settings = Self.unlike("fedbuff") {
            $0.strategyOptions = ["buffer": "5"]
            $0.aggregation = "median"
        }
        let alone = try Self.run(settings)
        #expect(alone.digest != nil)
        #expect(try Self.run(settings, ranks: 3).digest == alone.digest)
        #expect(try Self.run(Self.unlike("fedbuff") { $0.strategyOptions = ["buffer": "5"] }).digest != alone.digest)
    }

    @Test func `Clients in flight do not belong to a synchronous run`() throws {
        var state = try #require(try Self.run(Self.settings("fedavg")).states.last)
        #expect(state[PartName.inFlight].isEmpty)
        state[PartName.inFlight] = AsynchronousStateTests.state.bytes
        #expect(throws: ConfigurationError.self) { try state.validate(for: Job(state.settings)) }
    }
}
