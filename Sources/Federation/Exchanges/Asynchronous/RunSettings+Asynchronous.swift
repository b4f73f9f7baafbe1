import FedCore
public import Records
import Strategies

extension RunSettings {
    /// Whether the strategy's server waits for no round. False for a strategy that is not in the catalog.
    public var isAsynchronous: Bool {
        Strategies.all.first { $0.name == strategy }?.isAsynchronous ?? false
    }

    /// Refuses what an asynchronous server cannot honour: wires that add up updates, deadlines of rounds, tests by
    /// clients, and more updates a step than the buffer has.
    /// - Parameter asynchronous: the strategy that the settings name.
    /// - Throws: `ConfigurationError` that names the setting and, where there is one, the way out.
    func validate(for asynchronous: any AsynchronousStrategy) throws(ConfigurationError) {
        guard try Wires.named(wire).deliversEachUpdate else {
            throw ConfigurationError(
                "strategy '\(strategy)' takes each update as it comes, which --wire \(wire) adds up; use "
                    + Wires.options { $0.deliversEachUpdate })
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

extension RunDescription {
    /// Whether a "round" of the run is a step of an asynchronous server; reports then say so.
    public var isAsynchronous: Bool { settings.isAsynchronous }
}

extension Job {
    /// The strategy, if its server waits for no round; otherwise nil.
    var asynchronous: (any AsynchronousStrategy)? { strategy.asynchronous }
}
