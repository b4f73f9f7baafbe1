public import FedCore

/// A rule by which the server makes one update out of a cohort's, in the place of the weighted mean, which a
/// single client can move anywhere.
///
/// A rule sees all updates of a round at once, in an ``UpdateMatrix``, and is a function of its rows: the same
/// rows give the same bits, in whichever order they arrived. What it remembers between rounds is its
/// `serverState`, which is in every checkpoint.
///
/// Only the server has a rule, and calls it once a round on one thread. The price of a rule that
/// ``needsEachUpdate`` is memory: the server keeps all updates of a round, `4 · count · dimension` bytes,
/// instead of one sum. To add one, write one file in `Rules/` and one line in ``Aggregations/all``.
public protocol RobustAggregation: StatefulPart, Measuring {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`, with the options and their defaults.
    static var summary: String { get }

    /// Creates a rule with these options.
    ///
    /// - Throws: `ConfigurationError` when a value is not accepted.
    init(_ options: inout OptionReader) throws(ConfigurationError)

    /// The options in force as the user would write them, e.g. `attackers=2`; empty when there are none.
    var settings: String { get }

    /// Whether the rule has to see the updates one by one; true by default. A rule that does not is the mean
    /// weighted by sample count, which the engine has as an exact sum without keeping an update.
    static var needsEachUpdate: Bool { get }

    /// Fewest updates for which the rule's promise holds, at least 1. The engine repeats a round that has
    /// fewer.
    var minimumUpdates: Int { get }

    /// Number of samples that the server keeps for itself, to train an update of its own that
    /// ``aggregate(_:trusted:into:)`` trusts; 0, the default: it needs none.
    var rootSamples: Int { get }

    /// Writes the cohort's update. May change what the rule remembers.
    ///
    /// - Parameters:
    ///   - updates: at least ``minimumUpdates`` rows of finite numbers.
    ///   - trusted: the server's own update, `[dimension]`, if there are ``rootSamples``; else empty.
    ///   - mean: receives the result, `[dimension]`; its contents before the call do not matter.
    /// - Throws: ``AggregationError`` when an update cannot be summed. The engine then removes that client's
    ///   update and calls again.
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

    /// Refuses a run whose rounds have too few updates for the rule; called before the first round.
    ///
    /// - Parameter count: number of updates of a round: the cohort's size.
    /// - Throws: `ConfigurationError` that names the least number.
    public func validate(updates count: Int) throws(ConfigurationError) {
        guard count >= minimumUpdates else {
            let rule = settings.isEmpty ? "'\(Self.name)'" : "'\(Self.name)' with \(settings)"
            throw ConfigurationError(
                "aggregation \(rule) needs at least \(minimumUpdates) updates a round, and gets \(count)")
        }
    }

    /// Checks the arguments of ``aggregate(_:trusted:into:)``; a violation is a bug of the engine's, so it
    /// traps.
    func check(_ updates: UpdateMatrix, _ trusted: Span<Float>, _ mean: borrowing MutableSpan<Float>) {
        precondition(updates.count >= minimumUpdates, "\(Self.name) of \(updates.count) updates")
        precondition(mean.count == updates.dimension, "a mean of \(mean.count) elements")
        precondition(rootSamples == 0 || trusted.count == updates.dimension, "\(trusted.count) trusted elements")
    }
}

/// An update that a rule cannot work with, though it is valid by itself: finite numbers can still overflow a
/// sum.
public struct AggregationError: Error, Equatable, CustomStringConvertible {
    /// Number of the client whose update it is.
    public let client: Int
    /// Reason, as the exact sum gives it.
    public let refusal: ExactSum.Refusal

    /// Creates an error about this client's update.
    public init(client: Int, refusal: ExactSum.Refusal) {
        self.client = client
        self.refusal = refusal
    }

    /// One line for the log.
    public var description: String { "the update of client \(client) cannot be summed: \(refusal)" }
}
