import FedCore

/// The catalog of stages.
public enum Stages {
    /// Every stage, in the order of their client halves; their server halves run in the reverse order.
    ///
    /// The server's rate comes before the statistics, which it must not scale; an attacker forges what it would have sent.
    public static let all: [any UpdateStage.Type] = [ServerRate.self, RunningStatistics.self, ForgedUpdate.self]

    /// The stages of a catalog that the settings ask for.
    /// - Throws: `ConfigurationError` of the first that cannot be.
    static func made(
        of catalog: [any UpdateStage.Type], for setup: StageSetup
    ) throws(ConfigurationError) -> [any UpdateStage] {
        var stages: [any UpdateStage] = []
        for type in catalog {
            if let stage = try type.init(setup) { stages.append(stage) }
        }
        return stages
    }
}

/// The catalog of step hooks.
public enum StepHooks {
    /// Every hook, in the order in which they are called. A gradient is clipped before the strategy corrects it: the limit is
    /// one of the loss's gradient.
    public static let all: [any StepHook.Type] = [Poisoning.self, GradientClipping.self, StrategyCorrection.self]

    /// The hooks of a catalog that the settings ask for.
    /// - Throws: `ConfigurationError` of the first that cannot be.
    static func made(
        of catalog: [any StepHook.Type], for setup: StageSetup
    ) throws(ConfigurationError) -> [any StepHook] {
        var hooks: [any StepHook] = []
        for type in catalog {
            if let hook = try type.init(setup) { hooks.append(hook) }
        }
        return hooks
    }
}
