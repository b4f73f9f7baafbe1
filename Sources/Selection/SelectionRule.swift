public import FedCore

/// A rule that chooses which clients train in a round.
///
/// Only the server has one. For each round it calls ``cohort(size:round:attempt:federation:)``, once for each
/// attempt, and then ``learn(_:)``.
///
/// Rules are deterministic: the same options, federation and feedback give the same cohorts, on any machine and
/// at any number of ranks. So a rule draws from ``FederationView/random(round:attempt:)`` alone and computes
/// with + − × ÷ √, comparisons and `PortableMath`. What a rule has learnt is its `serverState`, which is in
/// every checkpoint: a resumed run selects as if it had never stopped.
///
/// To add one, write one file in `Rules/` and one line in ``Selections/all``.
public protocol SelectionRule: StatefulPart, Measuring {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`, with the options and their defaults.
    static var summary: String { get }

    /// Creates a rule with the default options and nothing learnt.
    init()

    /// Whether the rule looks at what each client reports, such as its loss; false by default.
    var usesClientReports: Bool { get }

    /// Reads the rule's options; none by default.
    ///
    /// - Parameter options: reader of the named options. The caller refuses those that the rule has not asked
    ///   for.
    /// - Throws: `ConfigurationError` when one is not accepted.
    mutating func read(_ options: inout OptionReader) throws(ConfigurationError)

    /// Refuses a run that the options do not fit; called before the first round. Accepts every run by default.
    ///
    /// - Parameters:
    ///   - size: size of each round's cohort.
    ///   - federation: the clients.
    /// - Throws: `ConfigurationError` that says what would fit.
    func validate(size: Int, federation: FederationView) throws(ConfigurationError)

    /// Chooses the cohort of a round. Changes nothing: the rule learns from the feedback only.
    ///
    /// - Parameters:
    ///   - size: number of clients wanted, from 1 to the number of clients that can be asked.
    ///   - round: the round, from 1.
    ///   - attempt: from 0; above 0 the round is repeated for want of updates, with another cohort where there
    ///     is one.
    ///   - federation: the clients.
    /// - Returns: `size` different clients of the federation's ``FederationView/candidates``, ascending; a rule whose cohorts
    ///   differ in size may return fewer, or none.
    func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int]

    /// Learns from the results of a round; called once for each round, in their order, before the next cohort
    /// is asked for. By default nothing is learnt.
    mutating func learn(_ feedback: RoundFeedback)
}

extension SelectionRule {
    public var usesClientReports: Bool { false }
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
