/// A federated algorithm, client half and server half together. A strategy states only its difference from FedAvg:
/// every requirement has FedAvg's behaviour as its default.
///
/// One value lives on every rank; a strategy is a value type whose settings are its stored properties.
public protocol Strategy: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }

    init()

    /// Whether `correct` is to be called; it costs a copy of the weights for each client.
    var correctsGradients: Bool { get }

    /// Client half, after each backward pass and before the optimizer's step.
    ///
    /// The three vectors are in one order that only the compiled model knows; work element by element.
    /// - Parameters:
    ///   - gradient: of the local loss; corrected in place.
    ///   - weights: the local weights it was taken at.
    ///   - anchor: the weights this round started from.
    func correct(_ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>)

    /// Server half: moves the global weights by the cohort's mean update.
    /// - Parameters:
    ///   - mean: Σ nᵢ·Δᵢ / Σ nᵢ with Δᵢ = client's weights − global weights, in the canonical order.
    mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>)

    /// What the server half remembers from round to round, as bytes of the strategy's own layout: a checkpoint keeps
    /// them. Empty when it remembers nothing.
    var serverState: [UInt8] { get }

    /// Takes back what `serverState` gave.
    /// - Throws: `ConfigurationError` when the bytes are not this strategy's; it must not trap, whatever they are.
    mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError)
}

extension Strategy {
    public var correctsGradients: Bool { false }

    public func correct(_ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>) {}

    public mutating func apply(_ mean: Span<Float>, to global: inout MutableSpan<Float>) {
        precondition(mean.count == global.count)
        for i in 0..<mean.count { global[unchecked: i] += mean[unchecked: i] }
    }

    public var serverState: [UInt8] { [] }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        guard state.isEmpty else {
            throw ConfigurationError(
                "strategy '\(Self.name)' remembers nothing between rounds, and was given \(state.count) bytes")
        }
    }
}
