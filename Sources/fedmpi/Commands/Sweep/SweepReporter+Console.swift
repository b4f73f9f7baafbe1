import Experiments
import Federation
import Logging

extension SweepReporter {
    /// On standard error: a rank's own warnings, and what happens in a leader's runs.
    static func console(rank: Int, isLeader: Bool) -> SweepReporter {
        guard isLeader else {
            let logger = Logger(label: "fedmpi") { _ in RankLog(rank: rank) }
            return SweepReporter(warn: { logger.warning("\($0)") })
        }
        return SweepReporter(
            warn: { Console.error("[sweep] warning: \($0)") },
            observers: { job, run in [EventLog(rank: 0, data: job.data, run: run.name)] })
    }
}
