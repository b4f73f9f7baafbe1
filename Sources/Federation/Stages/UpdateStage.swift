public import FedCore

/// A step between a client's trained weights and the server's new ones: with a half on the client, between what the
/// client has trained and what it sends, a half on the server, between the mean and the step, or both. Compression,
/// noise and server learning rates are of this kind.
///
/// ```
/// client   trained change → before strategy… → the strategy's `finish` → on client… → wire
/// server   wire → aggregation → on server… → the strategy's `apply` → after strategy… → new weights
/// ```
///
/// Client halves run in the order of ``Stages/all``, server halves in the reverse order, so that what was done last is
/// undone first. Each hook does nothing by default. A stage is a value: every rank has a copy, the one on rank 0
/// remembers from round to round, and the copies that train clients must not, because any rank trains any client. What
/// a stage keeps for a client goes with the client, as ``clientVectors``.
public protocol UpdateStage: StatefulPart, Measuring {
    /// The name by which a run's header prints it, and under which a checkpoint keeps its state.
    static var name: String { get }
    /// One line about what it does.
    static var summary: String { get }
    /// The sides on which it does something.
    static var halves: StageHalves { get }

    /// Makes the stage that the settings ask for; nil when they do not ask for one.
    /// - Throws: `ConfigurationError` when they ask for something impossible.
    init?(_ setup: StageSetup) throws(ConfigurationError)

    /// Vectors as long as the update that each client keeps for this stage from turn to turn, e.g. a residual; zeros
    /// before its first turn.
    var clientVectors: Int { get }

    /// Changes what the strategy's client half is given.
    /// - Parameter update: `[layout.parameters]`, trained weights − global weights.
    mutating func beforeStrategy(_ update: inout MutableSpan<Float>, in turn: ClientTurn)

    /// Changes what the client sends, when the strategy has made it. What is sent counts only if the client is in time,
    /// and so does its new state.
    /// - Parameters:
    ///   - message: `[layout.shape.sent]`, the update first.
    ///   - state: `[clientVectors × layout.parameters]` of this client, to be brought up to date.
    mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn)

    /// Changes the cohort's mean before the strategy's step.
    /// - Parameters:
    ///   - mean: `[layout.shape.averaged]`, the mean update first.
    ///   - weights: `[layout.parameters]`, global weights that the step starts from.
    mutating func onServer(
        _ mean: inout MutableSpan<Float>, weights: Span<Float>, in round: AggregatedRound)

    /// Changes the new weights, after the strategy's step.
    /// - Parameter weights: `[layout.parameters]`.
    mutating func afterStrategy(_ weights: inout MutableSpan<Float>, in round: AggregatedRound)
}

/// The sides on which a stage does something: client, server, or both.
public struct StageHalves: OptionSet, Sendable {
    public let rawValue: Int
    /// Something happens on the client, between training and what is sent.
    public static let client = StageHalves(rawValue: 1)
    /// Something happens at the server, around the strategy's step.
    public static let server = StageHalves(rawValue: 2)

    public init(rawValue: Int) { self.rawValue = rawValue }
}

extension UpdateStage {
    public var clientVectors: Int { 0 }

    public mutating func beforeStrategy(_ update: inout MutableSpan<Float>, in turn: ClientTurn) {}

    public mutating func onClient(
        _ message: inout MutableSpan<Float>, state: inout MutableSpan<Float>, in turn: ClientTurn
    ) {}

    public mutating func onServer(
        _ mean: inout MutableSpan<Float>, weights: Span<Float>, in round: AggregatedRound
    ) {}

    public mutating func afterStrategy(_ weights: inout MutableSpan<Float>, in round: AggregatedRound) {}

    public var serverState: [UInt8] { [] }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        guard state.isEmpty else {
            throw ConfigurationError(
                "stage '\(Self.name)' remembers nothing between rounds, and was given \(state.count) bytes")
        }
    }
}
