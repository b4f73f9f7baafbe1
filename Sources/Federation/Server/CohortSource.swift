import Devices
import FedCore
import Records
import Selection

/// The source of cohorts: a selection rule bound to one federation, with what it has learnt.
///
/// There is one on the server. The round loop draws a cohort for each attempt of a round; an asynchronous exchange
/// draws from the same one when clients become free, so that a rule learns from both alike. Draws depend on seed,
/// round, attempt and what the rule has learnt, never on ranks or time. With differential privacy Poisson cohorts depend on
/// the secret key in the place of the seed: that nobody knows who was asked is part of what is promised.
package final class CohortSource {
    private let job: Job
    private var rule: any SelectionRule
    /// Draws cohorts that nobody may know; nil where they follow from the seed.
    private let secret: NoiseKey?
    /// The simulated fleet, which says who can be asked; nil where everybody can.
    let fleet: FleetClock?

    /// Takes the job's rule, as it is at the beginning or as it was saved.
    /// - Parameter state: the state to continue from; nil at the beginning.
    /// - Throws: `ConfigurationError` when the saved bytes are not this rule's, or there is no key.
    init(_ job: Job, resuming state: RunState?) throws(ConfigurationError) {
        self.job = job
        let settings = job.settings
        // Who asks everybody has no secret.
        let isSecret =
            job.privacy != nil && settings.hasPoissonCohorts && settings.noiseSource == .system
            && settings.clientFraction < 1
        secret = isSecret ? try job.requiredNoiseKey() : nil
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
        if let secret {
            return secret.cohort(
                of: job.settings.clients, probability: job.settings.clientFraction, room: job.settings.cohortSize, round
            )
        }
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
