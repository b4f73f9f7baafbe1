import Cryptography
import FedCore
import Federation
import MPI
import MPITesting
import Recording
import TestSupport
import Testing

@testable import Records
@testable import Runtime

/// Runs with ranks as threads that are stopped, and continued from what the observers were given.
@Suite(.tags(.wholeRun), .unlessQuick) struct ResumeTests {
    /// Keeps records, states and the digest; raises the flag when a round is finished.
    final class Watcher: RoundObserver {
        var records: [RoundRecord] = []
        var states: [RunState] = []
        var stop: RunStop?
        var digest: String?
        private let flag: StopFlag
        private let stopRound: Int?

        init(_ flag: StopFlag, stopAfter round: Int?) {
            self.flag = flag
            stopRound = round
        }

        func roundFinished(_ record: RoundRecord) {
            records.append(record)
            if record.round == stopRound { flag.raise(15) }
        }
        func stateReached(round: Int, isLast: Bool, state: () -> RunState) { states.append(state()) }
        func runStopped(_ stop: RunStop) { self.stop = stop }
        func runFinished(_ summary: RunSummary, weights: Span<Float>) { digest = weightsDigest(weights) }
    }

    struct Outcome: Sendable {
        var records: [RoundRecord] = []
        var states: [RunState] = []
        var stopped: RunState?
        var digest: String?
        var interruption: Interruption?
    }

    static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.rounds = 6
            $0.clientFraction = 0.7
            $0.evalEvery = 2
            change(&$0)
        }
    }

    /// The outcome of each rank.
    static func run(
        _ settings: RunSettings, from state: RunState? = nil, ranks: Int, stopAfter round: Int? = nil
    ) throws -> [Outcome] {
        let flag = StopFlag()
        return try ThreadRanks.run(ranks) { communicator in
            let watcher = Watcher(flag, stopAfter: round)
            let isServer = communicator.rank == 0
            var outcome = Outcome()
            do {
                try Session.run(
                    isServer ? settings : nil, resuming: isServer ? state : nil, stop: flag, on: communicator
                ) { _ in [watcher] }
            } catch let error as Interruption {
                outcome.interruption = error
            }
            outcome.records = watcher.records
            outcome.states = watcher.states
            outcome.stopped = watcher.stop?.state
            outcome.digest = watcher.digest
            return outcome
        }
    }

    /// What does not depend on the clock, nor on the ranks: each sends one sum on the wire of sums.
    static func timeless(_ records: [RoundRecord], wire: String = "gatherv") -> [RoundRecord] {
        records.map {
            var record = $0
            record.seconds = 0
            record.samplesPerSecond = 0
            if wire == "reduce" { (record.uploadBytes, record.totalUploadBytes) = (0, 0) }
            return record
        }
    }

    @Test(arguments: [("fedavg", "gatherv"), ("fedprox", "gatherv"), ("fedavg", "reduce")], [1, 3])
    func `A run stopped and continued at other ranks has the bits and the records of the undisturbed one`(
        kind: (strategy: String, wire: String), ranks: Int
    ) throws {
        let settings = Self.settings {
            $0.strategy = kind.strategy
            $0.wire = kind.wire
        }
        let whole = try Self.run(settings, ranks: 2)[0]
        let stopped = try Self.run(settings, ranks: ranks, stopAfter: 3)
        #expect(stopped.allSatisfy { $0.interruption == Interruption(signal: 15) && $0.digest == nil })
        let state = try #require(stopped[0].stopped)
        #expect(state.round >= 3 && state.round < 6)

        let read = try Checkpoint.decode(Checkpoint.encode(SavedRun(state))).state
        for ranks in [1, 2, 4] {
            let rest = try Self.run(read.settings, from: read, ranks: ranks)[0]
            #expect(rest.digest == whole.digest)
            #expect(rest.interruption == nil)
            let records = stopped[0].records + rest.records
            #expect(Self.timeless(records, wire: kind.wire) == Self.timeless(whole.records, wire: kind.wire))
        }
    }

    @Test func `Every state on the way leads to the same end`() throws {
        let whole = try Self.run(Self.settings(), ranks: 3)[0]
        #expect(whole.states.map(\.round) == [1, 2, 3, 4, 5, 6])
        for state in whole.states {
            let rest = try Self.run(state.settings, from: state, ranks: 2)[0]
            #expect(rest.digest == whole.digest)
            #expect(rest.records.map(\.round) == Array(state.round..<6).map { $0 + 1 })
        }
    }

    @Test func `A finished run goes on to more rounds`() throws {
        let longer = try Self.run(Self.settings { $0.rounds = 8 }, ranks: 2)[0]
        var state = try #require(try Self.run(Self.settings(), ranks: 3)[0].states.last)
        state.settings.rounds = 8
        #expect(try Self.run(state.settings, from: state, ranks: 1)[0].digest == longer.digest)
    }

    @Test func `A run stopped before its first round can be continued`() throws {
        let flag = StopFlag()
        flag.raise(2)
        let settings = Self.settings()
        let state = try ThreadRanks.run(1) { communicator -> RunState? in
            let watcher = Watcher(flag, stopAfter: nil)
            do {
                try Session.run(settings, stop: flag, on: communicator) { _ in [watcher] }
            } catch let error as Interruption {
                return error.signal == 2 ? watcher.stop?.state : nil
            }
            return nil
        }[0]
        let start = try #require(state)
        #expect(start.round == 0 && start.isEvaluated)
        let whole = try Self.run(settings, ranks: 1)[0]
        #expect(try Self.run(settings, from: start, ranks: 3)[0].digest == whole.digest)
    }

    @Test func `A state of other data, another model or a longer run is refused on every rank`() throws {
        let state = try #require(try Self.run(Self.settings(), ranks: 1)[0].states.last)
        let changes: [(inout RunState) -> Void] = [
            { $0.dataDigest ^= 1 },
            { $0.settings.samplesPerClient += 1 },
            { $0.settings.alpha = 0.1 },
            { $0.settings.seed += 1 },
            { $0.weights.removeLast() },
            { $0[PartName.strategy] = [1] },
            { $0["battery"] = [1] },
            { $0.settings.rounds = 5 },
        ]
        for change in changes {
            var other = state
            change(&other)
            let refused = other
            let errors = try ThreadRanks.run(2) { communicator -> ConfigurationError? in
                let isServer = communicator.rank == 0
                do {
                    try Session.run(
                        isServer ? refused.settings : nil, resuming: isServer ? refused : nil, on: communicator
                    ) { _ in [] }
                    return nil
                } catch let error as ConfigurationError {
                    return error
                }
            }
            #expect(errors.allSatisfy { $0 != nil })
        }
    }

    @Test func `An error within a round leaves the state of the last finished one`() throws {
        struct Failure: Error {}
        final class Failing: RoundObserver {
            var stop: RunStop?
            func roundFinished(_ record: RoundRecord) throws { if record.round == 4 { throw Failure() } }
            func runStopped(_ stop: RunStop) { self.stop = stop }
        }
        let settings = Self.settings()
        let rounds = try ThreadRanks.run(1) { communicator -> Int? in
            let observer = Failing()
            do {
                try Session.run(settings, on: communicator) { _ in [observer] }
            } catch is Failure {}
            return observer.stop?.state.round
        }
        #expect(rounds == [4])
    }
}
