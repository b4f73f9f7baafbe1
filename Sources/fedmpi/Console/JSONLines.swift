import Cryptography
import Datasets
import FedCore
import Federation
import Foundation
import NeuralNet
import Recording
import Records

/// The view of a run for programs (`--json`): one JSON object per line on standard output, told apart by `event`:
/// `start`, `round`, `fault`, `end`. Keys are in snake case and sorted.
///
/// An observer on rank 0, called on the thread of the run. A run that is stopped prints no `end`; its reason is on
/// standard error.
final class JSONLines: RoundObserver {
    /// The run's folder, asked for name and path when a line needs them, because it may move.
    private let folder: RunFolder
    /// How the data were read, warnings included.
    private let notes: [String]
    private let encoder = JSONEncoder()

    /// Makes the observer; prints nothing.
    init(folder: RunFolder, data: DatasetPair) {
        self.folder = folder
        notes = data.notes.map(\.text)
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
    }

    /// The first line.
    private struct Start: Encodable {
        let event = "start"
        /// Name of the run's folder.
        let run: String
        /// Parameters of the model.
        let parameters: Int
        /// Ranks of the job, rank 0 included.
        let ranks: Int
        /// The hosts, each once.
        let hosts: [String]
        /// Rounds that are done; absent unless the run is continued.
        let finishedRounds: Int?
        let settings: RunSettings
        /// Names of the classes in the order of their labels; absent when they are called as their labels are.
        let classNames: [String]?
        /// How the data were read; absent when there is nothing to say.
        let dataNotes: [String]?
        /// Stages and step hooks by name, in the order in which they act; absent when there are none.
        let stages: StageOrder?
        /// Metrics of this run besides what every run measures; absent when there are none.
        let metrics: [Metric]?
    }

    /// The last line of a run that has come to its end.
    private struct End: Encodable {
        let event = "end"
        /// Wall-clock seconds of the whole run, earlier jobs included.
        let seconds: Double
        /// Why the run ended before its last round; absent if it did not.
        let earlyEnd: String?
        /// Final accuracy in [0, 1]; absent when it was never evaluated.
        let accuracy: Double?
        /// Final loss on the test set; absent when it was never evaluated.
        let loss: Double?
        /// Bytes of all updates.
        let uploadBytes: Int
        /// Bytes of all weights sent to clients.
        let downloadBytes: Int
        /// SHA-256 of the final weights, in hexadecimal digits: equal for equal settings at any number of ranks.
        let digest: String
        /// Path of the run's folder.
        let results: String
    }

    func runStarted(_ run: RunDescription) throws {
        try print(
            Start(
                run: folder.name, parameters: run.layout.count, ranks: run.ranks, hosts: run.distinctHosts,
                finishedRounds: run.finishedRounds > 0 ? run.finishedRounds : nil, settings: run.settings,
                classNames: run.classNames.isEmpty ? nil : run.classNames,
                dataNotes: notes.isEmpty ? nil : notes, stages: run.stages.isEmpty ? nil : run.stages,
                metrics: run.metrics.isEmpty ? nil : run.metrics))
    }

    func roundFinished(_ record: RoundRecord) throws {
        try print(EventLine("round", record))
    }

    /// Prints a fault. It cannot throw into the midst of a round, so a line that cannot be made is a message on
    /// standard error.
    func faulted(_ fault: FaultRecord) {
        do {
            try print(EventLine("fault", fault))
        } catch {
            Console.error("fedmpi: a fault could not be printed: \(error.line)")
        }
    }

    func runFinished(_ summary: RunSummary, weights: Span<Float>) throws {
        try print(
            End(
                seconds: summary.seconds, earlyEnd: summary.earlyEnd, accuracy: summary.finalAccuracy,
                loss: summary.finalLoss,
                uploadBytes: summary.last?.totalUploadBytes ?? 0,
                downloadBytes: summary.last?.totalDownloadBytes ?? 0,
                digest: weightsDigest(weights), results: folder.url.relativePath))
    }

    /// Prints a value as one line.
    private func print(_ value: some Encodable) throws {
        Console.output(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
