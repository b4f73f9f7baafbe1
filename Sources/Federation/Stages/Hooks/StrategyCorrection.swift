public import FedCore

/// The strategy's own correction of the gradient, of the global model's or of a client's own.
public struct StrategyCorrection: StepHook {
    public static let name = "strategy-correction"
    public static let summary = "has the strategy correct the gradient, where it does"

    private let strategy: any Strategy

    public init?(_ setup: StageSetup) {
        strategy = setup.strategy
        guard strategy.correctsGradients || strategy.personalization == .model else { return nil }
    }

    public func changesGradient(ofOwnModel: Bool) -> Bool { ofOwnModel || strategy.correctsGradients }
    public func usesAnchor(ofOwnModel: Bool) -> Bool { changesGradient(ofOwnModel: ofOwnModel) }

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
