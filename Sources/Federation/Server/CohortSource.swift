import Devices
import FedCore
import Records
import Selection

/// The source of cohorts: a selection rule bound to one federation, with what it has learnt.
///
/// There is one on the server. The round loop draws a cohort for each attempt of a round; an asynchronous exchange
/// draws from the same one when clients become free, so that a rule learns from both alike. Draws depend on seed,
/// round, attempt and what the rule has learnt, never on ranks or time.
package final class CohortSource {
    private let job: Job
    private var rule: any SelectionRule
    /// The simulated fleet, which says who can be asked; nil where everybody can.
    let fleet: FleetClock?

    /// Takes the job's rule, as it is at the beginning or as it was saved.
    /// - Parameter state: the state to continue from; nil at the beginning.
    /// - Throws: `ConfigurationError` when the saved bytes are not this rule's.
    init(_ job: Job, resuming state: RunState?) throws(ConfigurationError) {
        self.job = job
        rule = job.selection
        fleet = try FleetClock(job, resuming: state)
        if let state { try rule.restoreServerState(state[PartName.selection]) }
    }

    /// What the rule remembers, for a checkpoint; empty when it learns nothing.
    var serverState: [UInt8] { rule.serverState }

    /// What the rule has measured, by the names of its metrics.
    var measurements: [String: Double] { rule.measurements }

    /// Draws the cohort of a round's attempt.
    /// - Returns: `settings.cohortSize` different clients, ascending; fewer where a simulated fleet has fewer that can be
    ///   asked.
    /// - Complexity: The rule's own.
    func draw(_ round: RoundID) -> [Int] {
        let federation = fleet?.view ?? job.federation
        return rule.cohort(
            size: min(job.settings.cohortSize, federation.available?.count ?? federation.clients), round: round.number,
            attempt: round.attempt, federation: federation)
    }

    /// Tells the rule what came of a round.
    /// - Parameters:
    ///   - round: the round, from 1.
    ///   - asked: clients that were asked, or, of an asynchronous server, whose turns have ended.
    ///   - results: reports of those whose update counted.
    ///   - startingLoss: test loss of the weights that the round started from; nil when they were not evaluated.
    func learn(_ round: Int, asked: [Int], _ results: [(client: Int, result: LocalResult)], startingLoss: Double?) {
        let results = Dictionary(results.map { ($0.client, $0.result) }, uniquingKeysWith: { $1 })
        let isVirtual = job.settings.simulation.isVirtual
        let outcomes = asked.map { client in
            let result = results[client]
            return RoundFeedback.Outcome(
                client: client, participated: result != nil, loss: result?.loss, samples: result?.samples ?? 0,
                seconds: isVirtual ? result?.simulatedSeconds : nil, joules: fleet?.joules(of: client))
        }
        rule.learn(RoundFeedback(round: round, outcomes: outcomes, startingLoss: startingLoss))
    }
}
