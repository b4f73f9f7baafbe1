public import FedCore

/// How the server makes one update out of a cohort's: the place of the weighted mean, which a single client can move
/// anywhere.
///
/// A rule sees all updates of a round at once, in an ``UpdateMatrix``, and is a function of its rows: the same rows give
/// the same bits, in whichever order they arrived.
public protocol RobustAggregation: StatefulPart, Measuring {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`, with the options.
    static var summary: String { get }

    /// A rule with these options.
    /// - Throws: `ConfigurationError` when a value is not accepted.
    init(_ options: inout OptionReader) throws(ConfigurationError)

    /// The options in force, e.g. `attackers=2`; empty when there are none.
    var settings: String { get }

    /// Whether the rule has to see the updates one by one. One that does not gives the mean weighted by sample count, which
    /// the engine has as an exact sum, without keeping an update.
    static var needsEachUpdate: Bool { get }

    /// The fewest updates the rule's promise holds for, at least 1. The engine repeats a round that has fewer.
    var minimumUpdates: Int { get }

    /// Samples that the server keeps for itself, to train an update of its own that `aggregate` trusts; 0: it needs none.
    var rootSamples: Int { get }

    /// Writes the cohort's update.
    /// - Parameters:
    ///   - updates: at least `minimumUpdates` rows.
    ///   - trusted: the server's own update if there are `rootSamples`, else empty; `[dimension]`.
    ///   - mean: `[dimension]`.
    /// - Throws: `AggregationError` when an update cannot be summed.
    mutating func aggregate(
        _ updates: UpdateMatrix, trusted: Span<Float>, into mean: inout MutableSpan<Float>
    ) throws(AggregationError)
}

extension RobustAggregation {
    public static var needsEachUpdate: Bool { true }
    /// Whether a rule of this type has to see the updates one by one.
    public var needsEachUpdate: Bool { Self.needsEachUpdate }
    public var settings: String { "" }
    public var minimumUpdates: Int { 1 }
    public var rootSamples: Int { 0 }
    public var serverState: [UInt8] { [] }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        guard state.isEmpty else {
            throw ConfigurationError(
                "aggregation '\(Self.name)' remembers nothing between rounds, and was given \(state.count) bytes")
        }
    }

    /// Refuses a run whose rounds have too few updates for the rule.
    /// - Parameter count: of a round's cohort.
    /// - Throws: `ConfigurationError` that names the least number.
    public func validate(updates count: Int) throws(ConfigurationError) {
        guard count >= minimumUpdates else {
            let rule = settings.isEmpty ? "'\(Self.name)'" : "'\(Self.name)' with \(settings)"
            throw ConfigurationError(
                "aggregation \(rule) needs at least \(minimumUpdates) updates a round, and gets \(count)")
        }
    }

    func check(_ updates: UpdateMatrix, _ trusted: Span<Float>, _ mean: borrowing MutableSpan<Float>) {
        precondition(updates.count >= minimumUpdates, "\(Self.name) of \(updates.count) updates")
        precondition(mean.count == updates.dimension, "a mean of \(mean.count) elements")
        precondition(rootSamples == 0 || trusted.count == updates.dimension, "\(trusted.count) trusted elements")
    }
}

/// An update that a rule cannot work with, though by itself it is one.
public struct AggregationError: Error, Equatable, CustomStringConvertible {
    /// Whose update it is.
    public let client: Int
    /// What is wrong with it.
    public let refusal: ExactSum.Refusal

    /// An error of this client's update.
    public init(client: Int, refusal: ExactSum.Refusal) {
        self.client = client
        self.refusal = refusal
    }

    /// One line.
    public var description: String { "the update of client \(client) cannot be summed: \(refusal)" }
}
