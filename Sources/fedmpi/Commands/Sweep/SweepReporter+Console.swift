import Experiments
import Federation
import Logging
import Records

extension SweepReporter {
    /// A reporter that writes to standard error, for the rank that it is made on.
    ///
    /// A leader's warnings concern runs and are marked `[sweep]`; what happens in its runs goes to an event log
    /// with the run's name, because lines of several groups mix; warnings about data were printed when the sweep was
    /// checked. Other ranks have warnings of their own only,
    /// marked by their rank.
    ///
    /// - Parameters:
    ///   - rank: This rank in the world.
    ///   - isLeader: Whether it is the server of its group's runs.
    ///   - more: Makes further observers of a run, as the reporter itself does.
    static func console(
        rank: Int, isLeader: Bool, more: @escaping (_ job: Job) -> [any RoundObserver] = { _ in [] }
    ) -> SweepReporter {
        guard isLeader else {
            let logger = Logger(label: "fedmpi") { _ in RankLog(rank: rank) }
            return SweepReporter(warn: { logger.warning("\($0)") })
        }
        return SweepReporter(
            warn: { Console.error("[sweep] warning: \($0)") },
            observers: { job, run in more(job) + [EventLog(rank: 0, data: nil, run: run.name)] })
    }
}
