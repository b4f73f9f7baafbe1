public import FedCore

/// Which clients train in a round.
///
/// Rules are deterministic: the same options, federation and feedback give the same cohorts, on any machine and at any
/// number of ranks. So a rule draws from ``FederationView/random(round:attempt:)`` alone and computes with + − × ÷ √,
/// comparisons and `PortableMath`.
public protocol SelectionRule: StatefulPart, Measuring {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`, with the options.
    static var summary: String { get }

    /// With the default options.
    init()

    /// Takes its options.
    /// - Throws: `ConfigurationError` when one is not accepted.
    mutating func read(_ options: inout OptionReader) throws(ConfigurationError)

    /// Refuses a run that the options do not fit; called before the first round.
    /// - Parameter size: of each round's cohort.
    /// - Throws: `ConfigurationError` that says what would fit.
    func validate(size: Int, federation: FederationView) throws(ConfigurationError)

    /// The cohort of a round: so many different clients, ascending.
    /// - Parameters:
    ///   - size: from 1 to the number of clients.
    ///   - round: from 1.
    ///   - attempt: from 0; above 0 the round is repeated for want of updates, with another cohort where there is one.
    func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int]

    /// Learns what came of a round; called once for each round, in their order, before the next cohort is asked for.
    mutating func learn(_ feedback: RoundFeedback)
}

extension SelectionRule {
    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {}
    public func validate(size: Int, federation: FederationView) throws(ConfigurationError) {}
    public mutating func learn(_ feedback: RoundFeedback) {}
    public var serverState: [UInt8] { [] }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        guard state.isEmpty else {
            throw ConfigurationError(
                "selection '\(Self.name)' remembers nothing between rounds, and was given \(state.count) bytes")
        }
    }
}
