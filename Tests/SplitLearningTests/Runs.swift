import Cryptography
import FedCore
import Federation
import Foundation
import MPI
import MPITesting
import Recording
public import Records
import SplitLearning
public import Testing

/// Whole runs with ranks as threads.
enum Runs {
    struct Outcome: Sendable {
        var records: [RoundRecord] = []
        var states: [RunState] = []
        var rejected: [FaultRecord] = []
        var digest: String?
    }

    final class Recorder: RoundObserver {
        var outcome = Outcome()
        func roundFinished(_ record: RoundRecord) { outcome.records.append(record) }
        func faulted(_ fault: FaultRecord) { outcome.rejected.append(fault) }
        func stateReached(round: Int, isLast: Bool, state: () -> RunState) { outcome.states.append(state()) }
        func runFinished(_ summary: RunSummary, weights: Span<Float>) { outcome.digest = weightsDigest(weights) }
    }

    /// Small enough for many runs; a client's last batch is smaller than the others.
    static func settings(
        _ serverPart: RunSettings.ServerPart?, _ change: (inout RunSettings) -> Void = { _ in }
    ) -> RunSettings {
        var settings = RunSettings()
        settings.rounds = 2
        settings.clients = 5
        settings.model = "edgecnn-small"
        settings.cut = serverPart == nil ? nil : 3
        settings.dataset = "synthetic"
        settings.samplesPerClient = 25
        settings.batchSize = 10
        settings.serverPart = serverPart
        change(&settings)
        return settings
    }

    static func train(_ settings: RunSettings, ranks: Int) throws -> Outcome {
        try run(settings, by: WholeModelTraining(), ranks: ranks)
    }

    static func splitTrain(_ settings: RunSettings, ranks: Int, from state: RunState? = nil) throws -> Outcome {
        try run(settings, by: SplitTraining(), ranks: ranks, from: state)
    }

    private static func run(
        _ settings: RunSettings, by scheme: some TrainingScheme, ranks: Int, from state: RunState? = nil
    ) throws -> Outcome {
        try ThreadRanks.run(ranks) { communicator in
            let recorder = Recorder()
            let isServer = communicator.rank == 0
            try Session.run(
                isServer ? settings : nil, by: scheme, resuming: isServer ? state : nil, on: communicator,
                observers: { _ in [recorder] })
            return recorder.outcome
        }[0]
    }
}

extension RunSettings.ServerPart: CustomTestStringConvertible {
    public var testDescription: String { rawValue }
}
