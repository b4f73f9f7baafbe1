public import FedCore

/// A change of what local training does in each step: of the samples before the passes, or of the gradient between the
/// backward pass and the optimizer's step.
///
/// Hooks run in the order of ``StepHooks/all``, once a step, on whole vectors. They are values, made anew on every
/// rank, and remember nothing: any rank trains any client.
public protocol StepHook: Sendable {
    /// The name by which a run's header prints it.
    static var name: String { get }
    /// One line about what it does.
    static var summary: String { get }

    /// Makes the hook that the settings ask for; nil when they do not ask for one.
    /// - Throws: `ConfigurationError` when they ask for something impossible.
    init?(_ setup: StageSetup) throws(ConfigurationError)

    /// Whether `prepare` is to be called for a client; false by default.
    func changesSamples(of client: Int) -> Bool

    /// Whether `correct` is to be called, for the global model or for clients' own ones; false by default.
    func changesGradient(ofOwnModel: Bool) -> Bool

    /// Whether `correct` needs the anchor, which costs a copy of the weights for each client; false by default.
    func usesAnchor(ofOwnModel: Bool) -> Bool

    /// Changes a batch before the forward pass, and before a teacher sees it.
    /// - Parameters:
    ///   - images: at least `[samples.count, channels, height, width]`, in [0, 1].
    ///   - labels: at least `[samples.count]`; may be changed, too.
    ///   - samples: indices of the batch's samples in the data set.
    ///   - turn: the client and the round.
    func prepare(
        _ images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>, of samples: Span<UInt32>,
        in turn: ClientTurn)

    /// Changes a gradient before the optimizer's step.
    ///
    /// The vectors are in one order that only the compiled model knows, with zeros as padding that must stay zeros;
    /// work element by element, or on the whole.
    /// - Parameters:
    ///   - gradient: mean gradient of the batch; changed in place.
    ///   - weights: the weights that it was taken at.
    ///   - anchor: weights that training started from; empty unless a hook uses it.
    ///   - drift: what the strategy prepared for this client; empty unless its traffic has one.
    ///   - step: the turn, and how many steps it has had.
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
