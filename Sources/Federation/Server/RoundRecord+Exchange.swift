import Devices
import FedCore
import Records

extension RoundRecord {
    /// Adds an exchange to the round.
    /// - Parameter asked: clients of its cohort.
    mutating func add(_ tally: RoundTally, _ report: ExchangeReport, cohort asked: Int, _ job: Job) {
        cohort = report.cohort ?? asked
        attempts += 1
        uploadBytes += report.upload ?? tally.uploadBytes
        downloadBytes += report.download ?? asked * job.downloadBytes
        if job.settings.simulation.isVirtual {
            simulatedSeconds = (simulatedSeconds ?? 0) + (report.seconds ?? tally.simulatedSeconds)
        }
        guard let largest = report.staleness.max() else { return }
        self[.stalenessMax] = Double(largest)
        self[.stalenessMean] = Double(report.staleness.reduce(0, +)) / Double(report.staleness.count)
    }
}
