import Datasets
import FedCore
import Foundation
import NeuralNet
import Recording
import Testing

@testable import Federation
@testable import Records
@testable import RunStore

/// A results folder that goes with its owner, and runs that leave their history in it.
final class History {
    let results = FileManager.default.temporaryDirectory.appendingPathComponent("fedmpi-\(UUID().uuidString)")
    /// Troubles of the observer that was made last.
    private(set) var troubles = OutputTroubles { _ in }
    var file: URL { results.appendingPathComponent(RunStore.fileName) }

    init() throws {
        try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: results)
    }

    func store() throws -> RunStore { try RunStore(at: file) }

    /// The observer of a run.
    func observer(
        _ name: String, clients: [Int] = [30, 20], resuming: ([RoundRecord], [FaultRecord])? = nil,
        warn: @escaping @Sendable (String) -> Void = { Issue.record("\($0)") }
    ) throws -> RunHistory {
        let folder = results.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        troubles = OutputTroubles(warn: warn)
        return RunHistory(
            of: folder, environment: RunEnvironment(mpi: "An MPI", oneDNN: "2.6.3"), clients: clients,
            resuming: try resuming.map { try EarlierRecords(rounds: $0.0, faults: $0.1) }, troubles: troubles)
    }

    /// A run of these rounds, from its start to its end.
    func finish(_ name: String, _ records: [RoundRecord], _ settings: RunSettings = RunSettings()) throws {
        let history = try observer(name)
        try history.runStarted(Self.description(settings))
        for record in records { history.roundFinished(record) }
        Self.end(history, records)
    }

    static func description(_ settings: RunSettings = RunSettings(), finishedRounds: Int = 0) -> RunDescription {
        RunDescription(
            settings: settings, model: "logistic",
            layout: ParameterLayout([(name: "fc.weight", shape: [10, 784]), (name: "fc.bias", shape: [10])]),
            trainingSamples: 50, testSamples: 10, ranks: 3, hosts: ["node1", "node1", "node2"],
            finishedRounds: finishedRounds)
    }

    static func end(_ history: RunHistory, _ records: [RoundRecord]) {
        let weights: [Float] = [1, -2]
        history.runFinished(RunSummary(last: records.last, seconds: 12.5), weights: weights.span)
        history.noteFiles()
    }

    private static let clients = ClientEvaluation(
        clients: 2, missing: 1, samples: 20, global: AccuracySpread([0.25, 0.75], loss: 1.5), personal: nil,
        classAccuracies: [nil, 0.5])

    private static var clientBytes: ClientBytes {
        var bytes = ClientBytes()
        bytes.add([(client: 4, upload: 7, download: 1), (client: 9, upload: 2, download: 9)])
        return bytes
    }

    /// A round whose every field has a value of its own.
    static func record(_ round: Int, accuracy: Double? = 0.5) -> RoundRecord {
        RoundRecord(
            round: round, cohort: 11, participants: 2, partial: 3, rejected: 4, late: 5, dropped: 6, attempts: 7,
            samples: 8, trainLoss: 0.1, serverLoss: 0.2, serverAccuracy: accuracy,
            serverClassAccuracies: [0.25, nil],
            clients: accuracy.map { _ in clients }, uploadBytes: 9,
            totalUploadBytes: 9 * round, downloadBytes: 10, totalDownloadBytes: 10 * round, clientBytes: clientBytes,
            leftClients: ["keys": [2, 3]],
            seconds: 1.5,
            samplesPerSecond: 1.0 / 3,
            metrics: [
                "attack_success": 0.125, "simulated_seconds": 2.5, "staleness_mean": 1.5, "staleness_max": 3,
                "epsilon": 0.75,
            ])
    }
}

/// Lines that come from several threads.
final class Lines: @unchecked Sendable {
    // The lock guards the lines.
    private let lock = NSLock()
    private var lines: [String] = []

    func add(_ line: String) { lock.withLock { lines.append(line) } }
    var all: [String] { lock.withLock { lines } }
}
