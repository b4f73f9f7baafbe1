import Cryptography
import FedCore
import Federation
import MPI
import MPITesting
import Recording
import TestSupport
import Testing

@testable import Records

/// Deadlines, stragglers and dropouts in virtual time: who is late depends on the seed only.
@Suite(.tags(.wholeRun), .unlessQuick) struct DeadlineTests {
    final class Recorder: RoundObserver {
        var records: [RoundRecord] = []
        var digest: String?
        var repetitions: [FaultRecord] = []
        var stop: RunStop?

        func roundFinished(_ record: RoundRecord) { records.append(record) }
        func faulted(_ fault: FaultRecord) { if fault.kind == .roundRepeated { repetitions.append(fault) } }
        func runFinished(_ summary: RunSummary, weights: Span<Float>) { digest = weightsDigest(weights) }
        func runStopped(_ stop: RunStop) { self.stop = stop }
    }

    struct Outcome {
        var records: [RoundRecord]
        var digest: String?
        var repetitions: [FaultRecord]
        var stop: RunStop?
        var error: String?
    }

    static func run(_ settings: RunSettings, ranks: Int = 1) throws -> Outcome {
        try ThreadRanks.run(ranks) { communicator in
            let recorder = Recorder()
            var error: String?
            do {
                try Session.run(communicator.rank == 0 ? settings : nil, on: communicator) { _ in [recorder] }
            } catch let failure as TooFewUpdates {
                error = "\(failure)"
            }
            return Outcome(
                records: recorder.records, digest: recorder.digest, repetitions: recorder.repetitions,
                stop: recorder.stop, error: error)
        }[0]
    }

    /// Six clients of 25 samples, batch 10: steps of 10, 10 and 5 samples. 10 samples/s: a client takes 2.5 s.
    static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        SessionTests.settings {
            $0.rounds = 2
            $0.partition = "iid"
            $0.deviceSpeed = 10
            change(&$0)
        }
    }

    @Test func `Without a deadline the round lasts as long as its slowest client`() throws {
        let outcome = try Self.run(Self.settings { $0.latencyMs = 250 })
        // A message down, 2.5 s of training, a message up.
        #expect(outcome.records.map(\.simulatedSeconds) == [3, 3])
        #expect(outcome.records.allSatisfy { $0.participants == 6 && $0.partial == 0 })
    }

    @Test func `At the deadline clients send what they have, weighted by the samples seen`() throws {
        // The second batch begins at 1.0 s, the third would begin at 2.0 s.
        let outcome = try Self.run(Self.settings { $0.roundDeadline = 1.5 })
        for record in outcome.records {
            #expect(record.participants == 6 && record.partial == 6 && record.late == 0)
            #expect(record.samples == 6 * 20)
            #expect(record.simulatedSeconds == 2)
        }
    }

    @Test func `A deadline that all keep changes nothing`() throws {
        let free = try Self.run(Self.settings())
        let bound = try Self.run(Self.settings { $0.roundDeadline = 2.6 })
        #expect(bound.digest == free.digest)
    }

    @Test func `With the policy drop a client that is not done is left out`() throws {
        let outcome = try Self.run(
            Self.settings {
                $0.roundDeadline = 1.5
                $0.latePolicy = .drop
                $0.minClients = 0
            })
        #expect(outcome.records.allSatisfy { $0.participants == 0 && $0.late == 6 && $0.samples == 0 })
    }

    @Test func `An update that is on its way at the hard limit is late`() throws {
        // The hard limit is 1.5 s + 1 s; the update is ready at 2.0 s and takes 0.6 s.
        let outcome = try Self.run(
            Self.settings {
                $0.roundDeadline = 1.5
                $0.failureTimeout = 1
                $0.latencyMs = 600
                $0.deviceSpeed = 7.2
                $0.minClients = 0
            })
        #expect(outcome.records.allSatisfy { $0.late == 6 && $0.simulatedSeconds == 2.5 })
    }

    @Test(arguments: [2, 4]) func `Stragglers, dropouts and partial updates give the same bits on more ranks`(
        ranks: Int
    )
        throws
    {
        let settings = Self.settings {
            $0.rounds = 4
            $0.clients = 12
            $0.clientFraction = 0.75
            $0.stragglerProb = 0.5
            $0.stragglerDelay = 1
            $0.dropProb = 0.2
            $0.roundDeadline = 2
            $0.bandwidthMbps = 5
        }
        let alone = try Self.run(settings)
        let spread = try Self.run(settings, ranks: ranks)
        #expect(alone.digest != nil && spread.digest == alone.digest)
        func counts(_ outcome: Outcome) -> [[Int]] {
            outcome.records.map { [$0.participants, $0.partial, $0.late, $0.dropped, $0.samples] }
        }
        #expect(counts(spread) == counts(alone))
        #expect(spread.records.map(\.simulatedSeconds) == alone.records.map(\.simulatedSeconds))
        for record in alone.records {
            #expect(record.participants + record.rejected + record.late + record.dropped == record.cohort)
        }
        #expect(alone.records.contains { $0.dropped > 0 } && alone.records.contains { $0.partial > 0 })
    }

    @Test func `A round with too few updates is repeated with another cohort`() throws {
        let settings = Self.settings {
            $0.rounds = 8
            $0.clients = 40
            $0.clientFraction = 0.1
            $0.dropProb = 0.4
            $0.minClients = 3
            $0.roundRetries = 50
        }
        let alone = try Self.run(settings)
        #expect(alone.error == nil)
        #expect(alone.records.allSatisfy { $0.participants >= 3 })
        #expect(!alone.repetitions.isEmpty)
        #expect(alone.repetitions.allSatisfy { $0.reason?.contains("of the 3 updates it needs") == true })
        #expect(alone.records.reduce(0) { $0 + $1.attempts } == 8 + alone.repetitions.count)
        #expect(try Self.run(settings, ranks: 3).digest == alone.digest)
    }

    @Test func `A run that never gets enough updates stops, with the state of the last finished round`() throws {
        let outcome = try Self.run(
            Self.settings {
                $0.dropProb = 1
                $0.roundRetries = 2
            })
        #expect(outcome.error == "round 1 had 0 of the 1 updates it needs, at attempt 3")
        #expect(outcome.stop?.state.round == 0)
        #expect(outcome.repetitions.count == 2)
    }

    @Test func `With real delays a straggler is slept through, and nothing is called simulated`() throws {
        let start = ContinuousClock.now
        let outcome = try Self.run(
            Self.settings {
                $0.rounds = 1
                $0.clients = 2
                $0.deviceSpeed = nil
                $0.latencyMs = 60
                $0.realDelays = true
            }, ranks: 3)
        // Down and up.
        #expect(ContinuousClock.now - start >= .milliseconds(120))
        #expect(outcome.records.map(\.simulatedSeconds) == [nil])
    }

    @Test func `In real time clients look at the clock, too`() throws {
        let outcome = try Self.run(
            Self.settings {
                $0.rounds = 1
                $0.clients = 2
                $0.roundDeadline = 0.3
                $0.realDelays = true
            }, ranks: 3)
        // 10 samples take a second: each client ends after its first batch.
        #expect(outcome.records[0].partial == 2 && outcome.records[0].samples == 20)
    }
}
