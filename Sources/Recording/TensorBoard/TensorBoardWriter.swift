import FedCore
import Foundation
public import Records

/// Writes a run's curves where TensorBoard finds them: `events.out.tfevents.*` in the run's folder, by round.
///
/// TensorBoard's scalars are of 32 bits: sums of bytes beyond 16 MB are rounded to seven digits there, and
/// exact in `round_log.json`. Each job of a continued run has a file of its own, as TensorBoard expects; it
/// shows them as one curve.
public final class TensorBoardWriter: RoundObserver {
    /// The run's folder, which may move while the run goes on.
    private let run: RunFolder
    /// The job's event file; nil before the run has started.
    private var file: EventFile?
    /// The measurements that the run declares, which say in which group a value is shown.
    private var metrics: [Metric] = []

    /// Makes an observer, to be placed behind the run's folder.
    public init(_ run: RunFolder) {
        self.run = run
    }

    /// Opens a file of its own for this job. For a continued run it voids the rounds that are done again.
    public func runStarted(_ description: RunDescription) {
        let file = EventFile(host: description.hosts.first ?? "localhost", at: .now)
        metrics = description.metrics
        let finished = description.finishedRounds
        if finished > 0 { file.append(.restart, step: finished + 1, at: .now) }
        self.file = file
        flush()
    }

    /// Adds the round's values and writes them.
    public func roundFinished(_ record: RoundRecord) {
        file?.append(.scalars(Self.scalars(of: record, metrics)), step: record.round, at: .now)
        flush()
    }

    /// Writes what is there. Without its events a run goes on, and they are tried again with the next round's.
    private func flush() {
        run.troubles.attempt("TensorBoard's events") { try file?.flush(into: run.url) }
    }

    /// The values that a round has, by tag; TensorBoard groups by what stands before the slash.
    ///
    /// - Parameters:
    ///   - record: the round; what was not measured in it is left out.
    ///   - metrics: the measurements that the run declares; others of the record are shown by their names.
    static func scalars(of record: RoundRecord, _ metrics: [Metric] = []) -> [(tag: String, value: Float)] {
        let values: [(tag: String, value: Double?)] = [
            ("loss/train", record.trainLoss),
            ("loss/server", record.serverLoss),
            ("accuracy/server", record.serverAccuracy),
            ("accuracy/clients_mean", record.clients?.global?.mean),
            ("accuracy/clients_worst10", record.clients?.global?.worst10),
            ("accuracy/clients_best10", record.clients?.global?.best10),
            ("accuracy/own_mean", record.clients?.personal?.mean),
            ("accuracy/own_worst10", record.clients?.personal?.worst10),
            ("accuracy/own_best10", record.clients?.personal?.best10),
            ("bytes/upload", Double(record.uploadBytes)),
            ("bytes/upload_total", Double(record.totalUploadBytes)),
            ("bytes/download", Double(record.downloadBytes)),
            ("bytes/download_total", Double(record.totalDownloadBytes)),
            ("clients/participants", Double(record.participants)),
            ("clients/partial", Double(record.partial)),
            ("clients/rejected", Double(record.rejected)),
            ("clients/late", Double(record.late)),
            ("clients/dropped", Double(record.dropped)),
            ("time/round_seconds", record.seconds),
            ("time/samples_per_second", record.samplesPerSecond),
        ]
        let measured = Metric.describing(Set(record.metrics.keys), by: metrics).map {
            (tag: "\($0.group)/\($0.name)", value: record[$0])
        }
        return (values + measured).compactMap { tag, value in value.map { (tag, Float($0)) } }
    }
}
