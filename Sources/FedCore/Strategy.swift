/// A federated algorithm, client half and server half together. A strategy states only its difference from FedAvg:
/// every requirement has FedAvg's behaviour as its default.
///
/// One value lives on every rank; a strategy is a value type whose settings are its stored properties. What the server
/// half remembers, it holds; what the client half remembers of a client travels with the client, as its *state*.
///
/// Vectors are in the canonical order, d floats long, unless something else is said.
public protocol Strategy: StatefulPart, Measuring {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }
    /// Whether it is an ``AsynchronousStrategy``.
    static var isAsynchronous: Bool { get }
    /// Itself, if it is an ``AsynchronousStrategy``.
    var asynchronous: (any AsynchronousStrategy)? { get }

    /// With the defaults of its paper.
    init()

    /// Takes its settings of `--strategy-options`.
    /// - Throws: `ConfigurationError` when one is not accepted.
    mutating func read(_ options: inout OptionReader) throws(ConfigurationError)

    // MARK: What crosses

    /// What goes down beside the weights, and comes up beside the update, and what a client keeps between rounds.
    var traffic: StrategyTraffic { get }

    // MARK: What stays with a client

    var personalization: Personalization { get }

    /// The parameters that stay with each client, if `personalization` says that some do: ascending ranges of the flat
    /// weights, at least one, and not all of them.
    /// - Throws: `ConfigurationError` when this model has no such parameters.
    func personalParameters(_ layout: ParameterLayout) throws(ConfigurationError) -> [Range<Int>]

    /// As `correct`, for the client's own model.
    /// - Parameters:
    ///   - weights: of the client's own model.
    ///   - global: the global weights that this round started from.
    func correctPersonal(_ gradient: inout MutableSpan<Float>, weights: Span<Float>, global: Span<Float>)

    // MARK: Client half

    /// What a client does in a round.
    var localWork: LocalWork { get }

    /// Whether the local optimizer's momentum is used; a strategy that brings its own leaves it out.
    var usesLocalMomentum: Bool { get }

    /// Whether `correct` is to be called; it costs a copy of the weights for each client.
    var correctsGradients: Bool { get }

    /// Prepares the drift that `correct` receives, once for each client and round; zeros by default.
    /// - Parameters:
    ///   - broadcast: what went down beside the weights.
    ///   - state: of the client; zeros before its first round.
    func prepare(_ drift: inout MutableSpan<Float>, broadcast: Span<Float>, state: Span<Float>)

    /// After each backward pass and before the optimizer's step.
    ///
    /// The four vectors are in one order that only the compiled model knows; work element by element.
    /// - Parameters:
    ///   - gradient: of the local loss; corrected in place.
    ///   - weights: the local weights it was taken at.
    ///   - anchor: the weights this round started from.
    ///   - drift: what `prepare` made; empty unless the traffic says that something goes down or is kept.
    func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>)

    /// Ends a client's round: turns its work into what it sends and what it keeps.
    /// - Parameters:
    ///   - update: client's weights − global weights, 0 for running statistics, which no strategy touches; becomes the
    ///     update that is sent.
    ///   - extra: what is sent beside it, vectors before numbers, and last, if the traffic is scaled, the exponent of the
    ///     power of two that all of it is times, a whole number below 2²⁴; zeros at first.
    ///   - state: of the client; to be brought up to date.
    ///   - broadcast: what went down beside the weights.
    ///   - gradient: of the mean loss at the global weights, over the client's whole data; empty unless `localWork` is to
    ///     find it.
    func finish(
        _ update: inout MutableSpan<Float>, extra: inout MutableSpan<Float>, state: inout MutableSpan<Float>,
        broadcast: Span<Float>, gradient: Span<Float>, work: FinishedWork)

    // MARK: Server half

    /// The weight of a client's update in the mean; more samples never weigh less.
    /// - Parameter samples: that it trained on.
    func weight(samples: Int) -> Double

    /// Writes what goes down beside the weights.
    func write(_ broadcast: inout MutableSpan<Float>)

    /// Moves the global weights by the cohort's mean update.
    /// - Parameters:
    ///   - mean: Σ wᵢ·uᵢ / Σ wᵢ of the updates, d floats, followed by the same of what came beside them. Of scaled
    ///     traffic it is Σ wᵢ·2^eᵢ·uᵢ / Σ wᵢ, all of it times one power of two that makes it a Float.
    ///   - round: who took part.
    mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>, in round: AggregatedRound)
}

extension Strategy {
    public static var isAsynchronous: Bool { false }
    public var asynchronous: (any AsynchronousStrategy)? { nil }
    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {}
    public var traffic: StrategyTraffic { StrategyTraffic() }
    public var personalization: Personalization { .none }
    public func personalParameters(_ layout: ParameterLayout) throws(ConfigurationError) -> [Range<Int>] { [] }
    public func correctPersonal(_ gradient: inout MutableSpan<Float>, weights: Span<Float>, global: Span<Float>) {}
    public var localWork: LocalWork { .training }
    public var usesLocalMomentum: Bool { true }
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

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        guard state.isEmpty else {
            throw ConfigurationError(
                "strategy '\(Self.name)' remembers nothing between rounds, and was given \(state.count) bytes")
        }
    }
}
