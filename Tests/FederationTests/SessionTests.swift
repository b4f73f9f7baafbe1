import Cryptography
import FedCore
import Federation
import MPI
import MPITesting
import Recording
import TestSupport
import Testing

@testable import Records

/// Whole runs with ranks as threads.
@Suite(.tags(.wholeRun), .unlessQuick) struct SessionTests {
    /// Keeps what a run tells.
    final class Recorder: RoundObserver {
        var records: [RoundRecord] = []
        var digest: String?
        var rejected: [Int] = []

        func roundFinished(_ record: RoundRecord) { records.append(record) }
        func faulted(_ fault: FaultRecord) { if fault.kind == .updatesRejected { rejected += fault.clients } }
        func runFinished(_ summary: RunSummary, weights: Span<Float>) { digest = weightsDigest(weights) }
    }

    static func settings(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        var settings = RunSettings()
        settings.rounds = 3
        settings.clients = 6
        settings.model = "logistic"
        settings.dataset = "synthetic"
        settings.samplesPerClient = 25
        settings.batchSize = 10
        settings.evalEvery = 3
        change(&settings)
        return settings
    }

    /// Runs over so many ranks and returns rank 0's records and digest.
    static func run(_ settings: RunSettings, ranks: Int) throws -> (records: [RoundRecord], digest: String?) {
        let results = try ThreadRanks.run(ranks) { communicator in
            let recorder = Recorder()
            try Session.run(communicator.rank == 0 ? settings : nil, on: communicator) { _ in [recorder] }
            return (recorder.records, recorder.digest)
        }
        return results[0]
    }

    @Test(arguments: ["fedavg", "fedprox"])
    func `A run gives the same bits on 1, 2, 3 and 5 ranks`(strategy: String) throws {
        let settings = Self.settings {
            $0.strategy = strategy
            $0.clientFraction = 0.7
        }
        let alone = try Self.run(settings, ranks: 1)
        for ranks in [2, 3, 5] {
            let run = try Self.run(settings, ranks: ranks)
            #expect(run.digest == alone.digest)
            #expect(run.records.map(\.trainLoss) == alone.records.map(\.trainLoss))
            #expect(run.records.last?.serverAccuracy == alone.records.last?.serverAccuracy)
        }
    }

    @Test func `The log counts cohort, samples, bytes and evaluations`() throws {
        let run = try Self.run(Self.settings(), ranks: 3)
        #expect(run.records.map(\.round) == [1, 2, 3])
        for record in run.records {
            #expect(record.cohort == 6 && record.participants == 6 && record.rejected == 0)
            #expect(record.samples == 150)
            // Six envelopes of 64 bytes, each with 7,850 floats padded from 31,400 to 31,424 bytes.
            #expect(record.uploadBytes == 6 * (64 + 31_424))
        }
        #expect(run.records.map(\.totalUploadBytes) == [1, 2, 3].map { $0 * 6 * 31_488 })
        #expect(run.records.map { $0.serverAccuracy != nil } == [false, false, true])
    }

    @Test func `Training lowers the loss`() throws {
        let settings = Self.settings {
            $0.rounds = 6
            $0.partition = "iid"
            $0.samplesPerClient = 100
            $0.lr = 0.01
        }
        let losses = try Self.run(settings, ranks: 3).records.compactMap(\.trainLoss)
        #expect(losses.count == 6)
        #expect(losses[5] < losses[0] * 0.9, "\(losses)")
    }

    @Test func `A diverged client is counted and left out, and the round goes on`() throws {
        // A learning rate that overflows every client: each update is refused, the weights stay as they were.
        let run = try Self.run(
            Self.settings {
                $0.lr = 1e38
                $0.rounds = 1
                $0.minClients = 0
            }, ranks: 3)
        #expect(run.records[0].rejected == 6 && run.records[0].participants == 0)
        #expect(run.records[0].trainLoss == nil)
    }

    @Test func `Settings that cannot be honoured are refused on every rank alike`() throws {
        let settings = Self.settings { $0.model = "nothing" }
        let errors = try ThreadRanks.run(3) { communicator -> ConfigurationError? in
            do {
                try Session.run(communicator.rank == 0 ? settings : nil, on: communicator) { _ in [] }
                return nil
            } catch let error as ConfigurationError {
                return error
            }
        }
        #expect(errors.allSatisfy { $0?.description.contains("nothing") == true })
    }
}
