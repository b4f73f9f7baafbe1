import FedCore
import Records

extension Job {
    /// Refuses what does not go with updates that count in a later round than that whose weights they were trained from.
    /// | refused | because |
    /// |---|---|
    /// | wires that add up | an update in a sum cannot be kept for later |
    /// | strategies with traffic of their own | control variates and losses that come late are not of the round |
    /// | FedNova | it divides by the steps of the round's clients, the late ones' being other rounds' |
    /// | strategies of partial models | who has trained which part is looked up by round, not by update |
    /// | rules and attacks that see rows | votes have no weight by age, and a device brings several |
    ///
    /// Edges, asynchronous servers and training in two parts have refused the fleet itself.
    /// - Throws: `ConfigurationError` that says why, and where there is one, the way out.
    func checkOfflineUpdates() throws(ConfigurationError) {
        guard settings.offlineUpdates > 0 else { return }
        func refuse(_ what: String, _ why: String) -> ConfigurationError {
            ConfigurationError(
                "--offline-updates has updates count in a later round, and \(what) \(why)")
        }
        guard wire.deliversEachUpdate else {
            throw refuse("--wire \(settings.wire)", "adds them up before they are kept; use --wire gatherv")
        }
        if let reason = strategy.needsFreshUpdates { throw refuse("strategy '\(settings.strategy)'", reason) }
        if submodels != nil {
            throw refuse("strategy '\(settings.strategy)'", "divides by who has trained which part in the round")
        }
        if keepsUpdates {
            // A device that was away brings several at once: an attacker would have as many votes.
            let what = settings.attack.map { "--aggregation \(settings.aggregation) under --attack \($0)" }
            throw refuse(
                what ?? "--aggregation \(settings.aggregation)",
                "gives each update of a round one vote, whatever its age and however many a device brings; use mean")
        }
    }
}
