public import Aggregation
import Codecs
public import Datasets
public import FedCore
public import NeuralNet
import Records
public import Selection
import Strategies

/// The catalogs that a run's settings choose from. A program with plug-ins of its own adds them here, and gives the value to its
/// sessions; every rank needs the same.
///
/// ```swift
/// var plugins = Plugins.standard
/// try plugins.strategies.add(OuterNesterov.self)
/// try plugins.stages.add(SignUpdate.self, before: ForgedUpdate.name)
/// ```
///
/// What is added is found by its name in ``RunSettings``, listed in error messages, and checked as what comes with the project
/// is. A job keeps what its settings have chosen, not the catalogs.
public struct Plugins: Sendable {
    /// What `strategy` names.
    public var strategies = Strategies.standard
    /// What `aggregation` names.
    public var aggregations = Aggregations.standard
    /// What `selection` names.
    public var selections = Selections.standard
    /// What `attack` names.
    public var attacks = Attacks.standard
    /// What `dataset` names.
    public var datasets = Datasets.standard
    /// What `partition` names.
    public var partitions = Partitions.standard
    /// What `model` names, and the file of a `teacher`.
    public var models = Models.standard
    /// Steps between a client's trained weights and the server's new ones, in the order of the client halves. All are asked
    /// whether the settings want them.
    public var stages = Stages.standard
    /// Changes of each step of local training, in their order. All are asked whether the settings want them.
    public var stepHooks = StepHooks.standard
    /// What `compress` names.
    public var codecs = UpdateCodecs.standard
    /// What `wire` names.
    let wires = Wires.standard

    /// What comes with the project.
    public static let standard = Plugins()

    /// As ``standard``.
    public init() {}

    /// Everything that a setting can name, as data for help texts and forms, kind after kind.
    public var descriptions: [PluginDescription] {
        strategies.descriptions + aggregations.descriptions + selections.descriptions + attacks.descriptions
            + datasets.descriptions + partitions.descriptions + LearningRateSchedule.descriptions + wires.descriptions
            + codecs.descriptions + models.descriptions
    }
}
