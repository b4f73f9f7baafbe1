import Cryptography
import Datasets
import FedCore
import Federation
import Foundation
import NeuralNet
import Recording
import Records

/// The program's view of a run: one JSON object per line, told apart by `event`.
final class JSONLines: RoundObserver {
    private let folder: RunFolder
    /// How the data were read.
    private let notes: [String]
    private let encoder = JSONEncoder()

    init(folder: RunFolder, data: DatasetPair) {
        self.folder = folder
        notes = data.notes.map(\.text)
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
    }

    private struct Start: Encodable {
        let event = "start"
        let run: String
        let parameters: Int
        let ranks: Int
        let hosts: [String]
        /// Absent unless the run is continued.
        let finishedRounds: Int?
        let settings: RunSettings
        /// In the order of the labels; absent when they are called as their labels are.
        let classNames: [String]?
        /// How the data were read; absent when there is nothing to say.
        let dataNotes: [String]?
        /// Stages and step hooks by name, in the order in which they act; absent when there are none.
        let stages: StageOrder?
        /// What the rounds have beside what every run measures; absent when there is nothing.
        let metrics: [Metric]?
    }

    private struct Round: Encodable {
        let event = "round"
        let record: RoundRecord

        func encode(to encoder: any Encoder) throws {
            try record.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(event, forKey: .event)
        }
    }

    private struct Fault: Encodable {
        let event = "fault"
        let fault: FaultRecord

        func encode(to encoder: any Encoder) throws {
            try fault.encode(to: encoder)
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(event, forKey: .event)
        }
    }

    private enum Key: String, CodingKey { case event }

    private struct End: Encodable {
        let event = "end"
        let seconds: Double
        /// Why the run ended before its last round; absent if it did not.
        let earlyEnd: String?
        let accuracy: Double?
        let loss: Double?
        let uploadBytes: Int
        let downloadBytes: Int
        let digest: String
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
        try print(Round(record: record))
    }

    func faulted(_ fault: FaultRecord) {
        do {
            try print(Fault(fault: fault))
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

    private func print(_ value: some Encodable) throws {
        Console.output(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
