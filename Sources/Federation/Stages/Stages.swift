public import FedCore

/// The catalog of stages: a new stage is a file and a line here.
public enum Stages {
    /// Every stage, in the order of their client halves; their server halves run in the reverse order.
    ///
    /// The order matters: the server's rate comes before the statistics, which it must not scale; an attacker forges
    /// what it would have sent, so it comes behind what others change. Error feedback is last of all: what it keeps is
    /// what the encoding of the message takes away.
    public static let all: [any UpdateStage.Type] = [
        ServerRate.self, RunningStatistics.self, UpdateNorm.self, UpdateClipping.self, ForgedUpdate.self,
        ErrorFeedback.self,
    ]

    /// The stages that come with the project, as a catalog to add to.
    public static let standard = Catalog("stage", all, name: { $0.name }, summary: { $0.summary })
}

/// The catalog of step hooks: a new hook is a file and a line here.
public enum StepHooks {
    /// Every hook, in the order in which they are called. A gradient is clipped before the strategy corrects it: the
    /// limit is one of the loss's gradient.
    public static let all: [any StepHook.Type] = [Poisoning.self, GradientClipping.self, StrategyCorrection.self]

    /// The hooks that come with the project, as a catalog to add to.
    public static let standard = Catalog("step hook", all, name: { $0.name }, summary: { $0.summary })
}
