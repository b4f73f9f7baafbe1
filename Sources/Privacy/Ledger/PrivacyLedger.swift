public import FedCore

/// What a run has released about its data, round by round, and what that has cost so far.
///
/// A ledger is a value: it goes into a checkpoint as bytes, and a run that is continued has
/// spent what the run without a stop would have. Entries are appended when noise has been added
/// and before the result is used. Equal entries are counted, so a ledger of a thousand equal
/// rounds has one line.
///
/// ```swift
/// var ledger = PrivacyLedger()
/// try ledger.append(.sampledGaussian(noiseMultiplier: 1.1, probability: 0.01))
/// let spent = try ledger.epsilon(delta: 1e-5, by: .pld).upper
/// let planned = try ledger.epsilon(delta: 1e-5, by: .pld, after: .sampledGaussian(noiseMultiplier: 1.1, probability: 0.01), times: 99)
/// ```
public struct PrivacyLedger: Sendable, Equatable {
    /// The events as they were appended, distinct, each with how often.
    public private(set) var entries: [Entry] = []
    /// The place of each event among the entries.
    private var places: [PrivacyEvent: Int] = [:]
    /// What the events come down to.
    public private(set) var composition: PrivacyComposition

    /// An event and how often it took place.
    public struct Entry: Sendable, Hashable {
        /// What was released.
        public let event: PrivacyEvent
        /// How often, from 1.
        public internal(set) var count: Int
    }

    /// Nothing released yet.
    /// - Parameter relation: when data sets are neighbours; fixed for the ledger's life.
    public init(relation: NeighbouringRelation = .addOrRemoveOne) {
        composition = PrivacyComposition(relation)
    }

    /// When data sets are neighbours.
    public var relation: NeighbouringRelation { composition.relation }

    /// Number of events, equal ones counted each.
    public var count: Int { entries.reduce(0) { $0 + $1.count } }

    /// Appends what a round released. O(1) for an event like an earlier one.
    /// - Throws: `ConfigurationError` for parameters out of range; then nothing was appended.
    /// - Parameters:
    ///   - event: what was released.
    ///   - times: how often, from 1.
    public mutating func append(_ event: PrivacyEvent, times: Int = 1) throws(ConfigurationError) {
        guard times >= 1 else { throw ConfigurationError("an event cannot be appended \(times) times") }
        try composition.add(event, times: times)
        if let place = places[event] {
            entries[place].count += times
        } else {
            places[event] = entries.count
            entries.append(Entry(event: event, count: times))
        }
    }

    /// ε of everything so far, and of planned events on top.
    ///
    /// - Parameters:
    ///   - delta: δ in (0, 1).
    ///   - accountant: whose bound.
    ///   - event: what would be released next; nothing by default.
    ///   - times: how often.
    /// - Complexity: one answer of the accountant, whatever the number of rounds.
    public func epsilon(
        delta: Double, by accountant: PrivacyAccountantKind, after event: PrivacyEvent = .nothing, times: Int = 1
    ) throws(ConfigurationError) -> EpsilonBounds {
        try epsilon(delta: delta, by: accountant.accountant, after: event, times: times)
    }

    /// As ``epsilon(delta:by:after:times:)``, with an accountant of one's own parameters.
    public func epsilon(
        delta: Double, by accountant: any PrivacyAccountant, after event: PrivacyEvent = .nothing, times: Int = 1
    ) throws(ConfigurationError) -> EpsilonBounds {
        var all = composition
        try all.add(event, times: times)
        return try accountant.epsilon(of: all, delta: delta)
    }

    /// Whether ε stays within a budget when an event is added: asked before a round, so that
    /// the round that would cross is not made.
    /// - Parameters:
    ///   - event: what the next round would release.
    ///   - epsilon: the budget.
    ///   - delta: δ in (0, 1).
    ///   - accountant: whose upper bound is held against the budget.
    /// - Returns: false when the round must not be made.
    public func allows(
        _ event: PrivacyEvent, epsilon: Double, delta: Double, by accountant: PrivacyAccountantKind
    ) throws(ConfigurationError) -> Bool {
        try self.epsilon(delta: delta, by: accountant, after: event).upper <= epsilon
    }

    /// Equal when the entries are, in their order.
    public static func == (one: PrivacyLedger, other: PrivacyLedger) -> Bool {
        one.relation == other.relation && one.entries == other.entries
    }
}
