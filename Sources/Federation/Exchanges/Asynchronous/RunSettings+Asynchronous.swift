import FedCore
import Records

extension RunSettings {
    /// Refuses what an asynchronous server cannot honour: wires that add up updates, deadlines of rounds, tests by
    /// clients, and more updates a step than the buffer has.
    /// - Parameters:
    ///   - asynchronous: the strategy that the settings name.
    ///   - plugins: catalogs that the settings choose from.
    /// - Throws: `ConfigurationError` that names the setting and, where there is one, the way out.
    func validate(for asynchronous: any AsynchronousStrategy, _ plugins: Plugins) throws(ConfigurationError) {
        guard try plugins.wires.entry(named: wire).deliversEachUpdate else {
            throw ConfigurationError(
                "strategy '\(strategy)' takes each update as it comes, which --wire \(wire) adds up; use "
                    + plugins.wires.options { $0.deliversEachUpdate })
        }
        guard !hasPoissonCohorts else {
            throw ConfigurationError(
                "--selection poisson draws who is in a round, and strategy '\(strategy)' has none; use --selection uniform"
            )
        }
        guard roundDeadline == nil else {
            throw ConfigurationError(
                "strategy '\(strategy)' waits for no round, so --round-deadline cannot end one; its option max-staleness "
                    + "leaves out what comes late")
        }
        guard clientTest == 0 else {
            throw ConfigurationError(
                "strategy '\(strategy)' has clients under way at any moment, so --client-test cannot have all of them test the "
                    + "same weights")
        }
        guard minClients <= asynchronous.bufferSize else {
            throw ConfigurationError(
                "--min-clients is \(minClients); a step of strategy '\(strategy)' has "
                    + (asynchronous.bufferSize == 1 ? "one update" : "\(asynchronous.bufferSize) updates"))
        }
    }
}

extension Job {
    /// The strategy, if its server waits for no round; otherwise nil.
    var asynchronous: (any AsynchronousStrategy)? { strategy.asynchronous }
}
