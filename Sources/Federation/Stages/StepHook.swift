public import FedCore

/// A change of what local training does in each step: of the samples before the passes, or of the gradient between the backward
/// pass and the optimizer's step.
///
/// Hooks run in the order of ``StepHooks/all``. They are called once a step, and work on whole vectors. A hook remembers nothing:
/// any rank trains any client.
public protocol StepHook: Sendable {
    /// The name by which it is printed.
    static var name: String { get }
    /// One line of what it does.
    static var summary: String { get }

    /// The hook as the settings want it; nil when they do not.
    /// - Throws: `ConfigurationError` when they want what cannot be.
    init?(_ setup: StageSetup) throws(ConfigurationError)

    /// Whether `prepare` is to be called for a client.
    func changesSamples(of client: Int) -> Bool

    /// Whether `correct` is to be called, for the global model or for the clients' own ones.
    func changesGradient(ofOwnModel: Bool) -> Bool

    /// Whether `correct` needs the anchor; it costs a copy of the weights for each client.
    func usesAnchor(ofOwnModel: Bool) -> Bool

    /// Changes a batch before the forward pass, and before a teacher sees it.
    /// - Parameters:
    ///   - images: at least `[samples.count, channels, height, width]`, in [0, 1].
    ///   - labels: at least `[samples.count]`.
    ///   - samples: numbers of the batch's samples in the data set.
    func prepare(
        _ images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>, of samples: Span<UInt32>,
        in turn: ClientTurn)

    /// Changes a gradient before the optimizer's step.
    ///
    /// The vectors are in one order that only the compiled model knows; work element by element, or on the whole.
    /// - Parameters:
    ///   - gradient: mean gradient of the batch; changed in place.
    ///   - weights: that it was taken at.
    ///   - anchor: global weights that the round started from; empty unless a hook uses it.
    ///   - drift: that the strategy made for this client; empty unless its traffic has one.
    func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>,
        in step: TrainingStep)
}

extension StepHook {
    public func changesSamples(of client: Int) -> Bool { false }
    public func changesGradient(ofOwnModel: Bool) -> Bool { false }
    public func usesAnchor(ofOwnModel: Bool) -> Bool { false }

    public func prepare(
        _ images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>, of samples: Span<UInt32>,
        in turn: ClientTurn
    ) {}

    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>,
        in step: TrainingStep
    ) {}
}
