public import FedCore

/// The strategy's own correction of the gradient, such as FedProx's proximal term or SCAFFOLD's control variates, for
/// the global model or for a client's own (Ditto). The last hook, behind clipping.
public struct StrategyCorrection: StepHook {
    public static let name = "strategy-correction"
    public static let summary = "has the strategy correct the gradient, where it does"

    /// The run's strategy.
    private let strategy: any Strategy

    /// The hook of a strategy that corrects gradients, or trains a second model.
    public init?(_ setup: StageSetup) {
        strategy = setup.strategy
        guard strategy.correctsGradients || strategy.personalization == .model else { return nil }
    }

    /// Always for the client's own model, which only some strategies have; for the global model if the strategy says
    /// so.
    public func changesGradient(ofOwnModel: Bool) -> Bool { ofOwnModel || strategy.correctsGradients }
    /// Always where it corrects: the anchor is the weights that the correction pulls towards.
    public func usesAnchor(ofOwnModel: Bool) -> Bool { changesGradient(ofOwnModel: ofOwnModel) }

    /// Hands the vectors to the strategy, in the plan's order of elements: `correctPersonal` for the client's own
    /// model, `correct` otherwise. Costs what the strategy's does, O(parameters) for those in the catalog.
    public func correct(
        _ gradient: inout MutableSpan<Float>, weights: Span<Float>, anchor: Span<Float>, drift: Span<Float>,
        in step: TrainingStep
    ) {
        if step.isOfOwnModel {
            strategy.correctPersonal(&gradient, weights: weights, global: anchor)
        } else {
            strategy.correct(&gradient, weights: weights, anchor: anchor, drift: drift)
        }
    }
}
