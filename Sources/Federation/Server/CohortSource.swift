import Devices
import FedCore
import Records
import Selection

/// The clients to ask next: the selection rule over this federation, and what it has learnt. Round loop and asynchronous
/// exchange draw from the same one.
package final class CohortSource {
    private let job: Job
    private var rule: any SelectionRule

    /// - Parameter state: to continue from.
    /// - Throws: `ConfigurationError` when the state is not the rule's.
    init(_ job: Job, resuming state: RunState?) throws(ConfigurationError) {
        self.job = job
        rule = job.selection
        if let state { try rule.restoreServerState(state[PartName.selection]) }
    }

    /// What the rule remembers.
    var serverState: [UInt8] { rule.serverState }

    /// What the rule has measured.
    var measurements: [String: Double] { rule.measurements }

    /// The cohort of a round and an attempt, ascending.
    func draw(_ round: RoundID) -> [Int] {
        rule.cohort(
            size: job.settings.cohortSize, round: round.number, attempt: round.attempt, federation: job.federation)
    }

    /// Tells the rule what came of a round.
    /// - Parameters:
    ///   - asked: clients that were asked, or whose turns have ended.
    ///   - startingLoss: that the round's clients started from, on the test set; nil when it is not known.
    func learn(_ round: Int, asked: [Int], _ results: [(client: Int, result: LocalResult)], startingLoss: Double?) {
        let results = Dictionary(results.map { ($0.client, $0.result) }, uniquingKeysWith: { $1 })
        let isVirtual = job.settings.simulation.isVirtual
        let outcomes = asked.map { client in
            let result = results[client]
            return RoundFeedback.Outcome(
                client: client, participated: result != nil, loss: result?.loss, samples: result?.samples ?? 0,
                seconds: isVirtual ? result?.simulatedSeconds : nil)
        }
        rule.learn(RoundFeedback(round: round, outcomes: outcomes, startingLoss: startingLoss))
    }
}
