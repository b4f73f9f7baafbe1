import Datasets
import FedCore
import NeuralNet
import Records

extension Job {
    /// Momentum ρ of the clients' SGD; 0 for strategies that bring their own, and other optimizers.
    package var localMomentum: Float {
        if case .sgd(let optimizer) = optimizer { optimizer.momentum } else { 0 }
    }

    /// The augmentation that the settings ask for, if these clients can do it.
    /// - Throws: `ConfigurationError` when they cannot: there are no pictures, a teacher sees each picture once, or the
    ///   strategy trains on all data at once.
    static func augmentation(
        _ settings: RunSettings, _ strategy: any Strategy, _ shape: ImageShape
    ) throws(ConfigurationError) -> Augmentation? {
        guard let text = settings.augment else { return nil }
        guard settings.teacher == nil else {
            throw ConfigurationError(
                "--augment is not for a run with --teacher, whose scores are of the pictures as they are")
        }
        guard strategy.localWork != .fullBatchStep else {
            throw ConfigurationError(
                "strategy '\(settings.strategy)' takes one step along the gradient of all data: --augment is not for it"
            )
        }
        return try Augmentation(text, channels: shape.channels, height: shape.height, width: shape.width)
    }

    /// The loss that the settings name, or else the one that fits the data's labels.
    /// - Throws: `ConfigurationError` when the loss or an option is unknown, the loss is not for such data, other
    ///   settings are not for what is learnt, or a teacher's targets take the place of smoothed labels.
    static func loss(_ settings: RunSettings, _ task: LearningTask) throws(ConfigurationError) -> Loss {
        let loss = try Loss(named: settings.loss ?? Loss.fitting(task).name, settings.lossOptions)
        let learnt: LearningTask
        do { learnt = try loss.task(on: task) } catch {
            throw ConfigurationError("data set '\(settings.dataset.printable)': --loss \(error.line)")
        }
        try checkTask(learnt, settings)
        guard settings.teacher == nil || loss == .crossEntropy() else {
            throw ConfigurationError(
                "--loss-options \(settings.lossOptions) is not for a run with --teacher, whose scores soften the labels"
            )
        }
        return loss
    }

    /// Refuses what only models of classes can do, where the data have other answers.
    /// - Throws: `ConfigurationError` with what, and why.
    private static func checkTask(_ task: LearningTask, _ settings: RunSettings) throws(ConfigurationError) {
        func refuse(_ what: String, _ why: String) -> ConfigurationError {
            ConfigurationError("\(what) is not for a model that learns \(task): \(why)")
        }
        if !task.hasClasses, settings.teacher != nil { throw refuse("--teacher", "a teacher's scores are of classes") }
        guard !task.hasAccuracy else { return }
        if settings.targetAccuracy != nil { throw refuse("--target-accuracy", "no answer is right or wrong") }
        if settings.clientTest > 0 { throw refuse("--client-test", "clients are compared by their accuracies") }
    }

    /// The optimizer that the settings name, if the strategy can do with it.
    /// - Throws: `ConfigurationError` with the strategy's reason when it cannot, or when the optimizer or an option is
    ///   unknown.
    static func optimizer(_ settings: RunSettings, _ strategy: any Strategy) throws(ConfigurationError) -> Optimizer {
        let optimizer = try Optimizer(
            named: settings.optimizer, settings.optimizerOptions, learningRate: settings.lr,
            momentum: strategy.usesLocalMomentum ? settings.momentum : 0, weightDecay: settings.weightDecay)
        if case .sgd = optimizer { return optimizer }
        guard let reason = strategy.needsSGD else { return optimizer }
        throw ConfigurationError(
            "strategy '\(settings.strategy)' \(reason): --optimizer \(settings.optimizer) is not for it")
    }
}
