/// A federated algorithm, client half and server half together. A strategy states only its difference from FedAvg:
/// every requirement has FedAvg's behaviour as its default.
///
/// One copy lives on every rank; a strategy is a value type whose settings are its stored properties. The copy on rank
/// 0 runs the server half and may remember something from round to round (``StatefulPart``); the copies that train
/// clients must not, because any rank may train any client. What the client half remembers of a client travels with
/// the client, as its *state*.
///
/// In a round the hooks run in this order:
///
/// ```
/// server   write → broadcast of the weights
/// client   prepare → for each step: backward pass → correct → optimizer → … → finish
/// server   weighted mean of the updates → apply
/// ```
///
/// Unless something else is said, vectors hold d floats in the canonical order (``ParameterLayout``), d the number of
/// federated parameters. Results must be the same bits on every machine: no clock, no global generator, no sum in an
/// order that depends on arrival. docs/EXTENDING.md adds a strategy step by step.
public protocol Strategy: StatefulPart, Measuring {
    /// The name on the command line: lower case, without spaces.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }
    /// Whether it is an ``AsynchronousStrategy``.
    static var isAsynchronous: Bool { get }
    /// Itself, if it is an ``AsynchronousStrategy``.
    var asynchronous: (any AsynchronousStrategy)? { get }
    /// Itself, if it is a ``SubmodelStrategy``.
    var submodels: (any SubmodelStrategy)? { get }
    /// Itself, if it is a ``ScoreStrategy``.
    var scores: (any ScoreStrategy)? { get }

    /// Makes a strategy with the defaults of its paper.
    init()

    /// Reads its settings from `--strategy-options`; called once, before anything else.
    /// - Throws: `ConfigurationError` when a value is not accepted.
    mutating func read(_ options: inout OptionReader) throws(ConfigurationError)

    // MARK: What crosses

    /// The vectors and numbers that are sent beside the weights and the updates, and those that a client keeps between
    /// rounds. Constant during a run.
    var traffic: StrategyTraffic { get }

    // MARK: What stays with a client

    /// The part of its model that a client keeps for itself; nothing by default.
    var personalization: Personalization { get }

    /// Whether clients send the change of their weights, true by default: an edge may then add the mean to weights of its
    /// own. FedNova's do not, for example, who divide it.
    var sendsChange: Bool { get }

    /// Whether the server's half needs each participant's samples or steps (``AggregatedRound/participants``), and not their
    /// sums alone; false by default.
    var usesClientReports: Bool { get }

    /// The parameters that stay with each client when `personalization` is ``Personalization/parameters``.
    /// - Returns: ascending ranges of the flat weights, at least one, and not all of the parameters.
    /// - Throws: `ConfigurationError` when this model has no such parameters.
    func personalParameters(_ layout: ParameterLayout) throws(ConfigurationError) -> [Range<Int>]

    /// Changes a gradient of the client's own model, where `personalization` is ``Personalization/model``; otherwise as
    /// `correct`.
    /// - Parameters:
    ///   - gradient: mean gradient of the batch, corrected in place.
    ///   - weights: weights of the client's own model.
    ///   - global: the global weights that this round started from.
    func correctPersonal(_ gradient: inout MutableSpan<Float>, weights: Span<Float>, global: Span<Float>)

    // MARK: Client half

    /// The computation of a client in a round; local epochs by default.
    var localWork: LocalWork { get }

    /// Whether the local optimizer's momentum is used; a strategy that brings its own leaves it out.
    var usesLocalMomentum: Bool { get }

    /// The reason why the local optimizer has to be SGD, as a predicate, such as "divides by the sum of SGD's steps";
    /// nil, the default, where any will do.
    ///
    /// A strategy that takes a client's change for a multiple of its gradients has such a reason: Adam's steps are none.
    var needsSGD: String? { get }

    /// The reason why every update of a step has to be of the round's own weights, as a predicate, such as "scales by the
    /// steps of the round's clients"; nil where one of an earlier round may count in it, too.
    ///
    /// By default a strategy has such a reason that sends or keeps anything beside the update: what it learns from that
    /// is of the round.
    var needsFreshUpdates: String? { get }

    /// What a client rank of another program has to do for the strategy; nil, as by default, where it cannot do its part.
    var portableHalf: PortableHalf? { get }

    /// Whether `correct` is to be called; it costs a copy of the weights for each client.
    var correctsGradients: Bool { get }

    /// Prepares the drift that `correct` receives, once for each client and round; called if
    /// ``StrategyTraffic/hasDrift``.
    /// - Parameters:
    ///   - drift: all of the model's parameters; zeros at first.
    ///   - broadcast: the vectors that the server sent beside the weights, one after the other.
    ///   - state: the client's state vectors; zeros before its first round.
    func prepare(_ drift: inout MutableSpan<Float>, broadcast: Span<Float>, state: Span<Float>)

    /// Changes a gradient between a backward pass and the optimizer's step; called if `correctsGradients`.
    ///
    /// The four vectors are in one order that only the compiled model knows, with padding that must stay zero: work
    /// element by element, and map zeros to zero. They hold the trained parameters alone, no running statistics.
    /// - Parameters:
    ///   - gradient: mean gradient of the local loss over the batch; corrected in place.
    ///   - weights: the local weights at which it was taken.
    ///   - anchor: the weights that this round started from.
    ///   - drift: the vector that `prepare` made; empty unless ``StrategyTraffic/hasDrift``.
    /// - Complexity: O(d) in each step of training, so it should be one pass that vectorises.
    func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>)

    /// Ends a client's round: turns its work into what it sends and what it keeps.
    ///
    /// Not called for a client that has done no step, nor where some parameters stay with the clients. A client that
    /// cannot send a meaningful update writes a NaN, by which the server leaves it out.
    /// - Parameters:
    ///   - update: client's weights − global weights, 0 for running statistics, which no strategy touches; becomes the
    ///     update that is sent.
    ///   - extra: everything that is sent beside it (``StrategyTraffic/extraCount(parameters:)`` floats), vectors
    ///     before numbers, and last, if the traffic is scaled, the exponent of the power of two that belongs to all of
    ///     it, a whole number below 2²⁴ in size; zeros at first.
    ///   - state: the client's state vectors, to be brought up to date.
    ///   - broadcast: the vectors that the server sent beside the weights.
    ///   - gradient: gradient of the mean loss at the global weights, over the client's whole data; empty unless
    ///     `localWork` computes it.
    ///   - work: the steps that were done, and the settings of the optimizer that did them.
    func finish(
        _ update: inout MutableSpan<Float>, extra: inout MutableSpan<Float>, state: inout MutableSpan<Float>,
        broadcast: Span<Float>, gradient: Span<Float>, work: FinishedWork)

    // MARK: Server half

    /// The weight of a client's update in the mean; the number of samples by default.
    /// - Parameter samples: samples that the client trained on.
    /// - Returns: a weight ≥ 0 that never falls when `samples` grows, because the largest possible sum of weights is
    ///   taken from the clients that hold most.
    func weight(samples: Int) -> Double

    /// Writes the vectors that the server sends beside the weights; called before each broadcast.
    /// - Parameter broadcast: `[broadcastVectors × d]`.
    func write(_ broadcast: inout MutableSpan<Float>)

    /// Moves the global weights by the cohort's mean update; adds it by default.
    /// - Parameters:
    ///   - mean: Σ wᵢ·uᵢ / Σ wᵢ of the updates, d floats, followed by the same mean of what came beside them. With
    ///     scaled traffic it is Σ wᵢ·2^eᵢ·uᵢ / Σ wᵢ, all of it times one power of two that brings it into Float's
    ///     range: only ratios of its elements have a meaning.
    ///   - global: the federated weights, d floats; moved in place.
    ///   - round: the clients that took part, and the settings of their optimizers.
    mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound)
}

/// FedAvg: a strategy of the defaults alone averages the clients' updates by their samples and adds the mean.
///
/// H. B. McMahan et al., *Communication-Efficient Learning of Deep Networks from Decentralized Data*, AISTATS 2017,
/// algorithm 1, arXiv:1602.05629.
extension Strategy {
    public static var isAsynchronous: Bool { false }
    public var asynchronous: (any AsynchronousStrategy)? { nil }
    public var submodels: (any SubmodelStrategy)? { nil }
    public var scores: (any ScoreStrategy)? { nil }
    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {}
    public var traffic: StrategyTraffic { StrategyTraffic() }
    public var personalization: Personalization { .none }
    public var sendsChange: Bool { true }
    public var usesClientReports: Bool { false }
    public func personalParameters(_ layout: ParameterLayout) throws(ConfigurationError) -> [Range<Int>] { [] }
    public func correctPersonal(_ gradient: inout MutableSpan<Float>, weights: Span<Float>, global: Span<Float>) {}
    public var localWork: LocalWork { .training }
    public var usesLocalMomentum: Bool { true }
    public var needsSGD: String? { nil }
    public var needsFreshUpdates: String? {
        traffic == StrategyTraffic() ? nil : "takes what clients send or keep beside an update for that of the round"
    }
    public var portableHalf: PortableHalf? { nil }
    public var correctsGradients: Bool { false }

    public func prepare(_ drift: inout MutableSpan<Float>, broadcast: Span<Float>, state: Span<Float>) {}

    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>
    ) {}

    public func finish(
        _ update: inout MutableSpan<Float>, extra: inout MutableSpan<Float>, state: inout MutableSpan<Float>,
        broadcast: Span<Float>, gradient: Span<Float>, work: FinishedWork
    ) {}

    public func weight(samples: Int) -> Double { Double(samples) }

    public func write(_ broadcast: inout MutableSpan<Float>) {}

    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound) {
        global.add(mean)
    }

    public var serverState: [UInt8] { [] }

    /// Accepts the state of a strategy that remembers nothing, which is empty.
    /// - Throws: `ConfigurationError` when there are bytes: the checkpoint is of another strategy.
    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        guard state.isEmpty else {
            throw ConfigurationError(
                "strategy '\(Self.name)' remembers nothing between rounds, and was given \(state.count) bytes")
        }
    }
}

/// A strategy's client half, as far as programs beside this one know it (docs/WIRE.md).
public enum PortableHalf: Sendable, Equatable {
    /// Training without a change: the difference is at the server.
    case plain
    /// μ · (weights − global weights) is added to each gradient.
    case proximal(mu: Double)
    /// SCAFFOLD's control variates.
    case controlVariates
}
