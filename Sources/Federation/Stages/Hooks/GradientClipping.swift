public import FedCore
import Records

/// Scales the gradient of the loss down to a largest L2 norm, before the strategy corrects it: the limit is one of the
/// loss's gradient.
///
/// R. Pascanu, T. Mikolov, Y. Bengio, *On the Difficulty of Training Recurrent Neural Networks*, ICML 2013, algorithm
/// 1, arXiv:1211.5063.
public struct GradientClipping: StepHook {
    public static let name = "clip-gradients"
    public static let summary = "scales a longer gradient down to the norm of --clip-gradients"

    /// Largest L2 norm, > 0.
    public let limit: Float

    /// The hook of a run with `--clip-gradients`.
    public init?(_ setup: StageSetup) {
        guard let limit = setup.settings.clipGradients else { return nil }
        self.limit = limit
    }

    /// Always: gradients of clients' own models are clipped, too.
    public func changesGradient(ofOwnModel: Bool) -> Bool { true }

    /// Scales the gradient g by min(1, limit / ‖g‖₂). O(parameters); the norm is summed in Double.
    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>,
        in step: TrainingStep
    ) {
        gradient.clip(toNorm: limit)
    }
}
