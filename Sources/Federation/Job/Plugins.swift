public import Aggregation
public import Codecs
public import Datasets
public import FedCore
public import NeuralNet
import Records
public import Selection
import Strategies

/// The catalogs that a run's settings choose from. A program with plug-ins of its own adds them here, and gives the
/// value to its sessions; every rank needs the same.
///
/// ```swift
/// var plugins = Plugins.standard
/// try plugins.strategies.add(OuterNesterov.self)
/// try plugins.stages.add(SignUpdate.self, before: ForgedUpdate.name)
/// ```
///
/// What is added is found by its name in ``RunSettings``, listed in error messages, and checked as what comes with the
/// project is. A job keeps what its settings have chosen, not the catalogs.
public struct Plugins: Sendable {
    /// Strategies, for `strategy`.
    public var strategies = Strategies.standard
    /// Aggregation rules, for `aggregation`.
    public var aggregations = Aggregations.standard
    /// Selection rules, for `selection`.
    public var selections = Selections.standard
    /// Attacks, for `attack`.
    public var attacks = Attacks.standard
    /// Data sets, for `dataset`.
    public var datasets = Datasets.standard
    /// Partitions, for `partition`.
    public var partitions = Partitions.standard
    /// Models, for `model` and for the file of a `teacher`.
    public var models = Models.standard
    /// Steps between a client's trained weights and the server's new ones, in the order of the client halves. Each is
    /// asked whether the settings want it.
    public var stages = Stages.standard
    /// Changes of each step of local training, in their order. Each is asked whether the settings want it.
    public var stepHooks = StepHooks.standard
    /// Codecs of updates and the stages of pipelines, for `compress`.
    public var codecs = UpdateCodecs.standard
    /// Wires, for `wire`. Not public: what a wire is may change with every version.
    let wires = Wires.standard
    /// The canaries that an audit plants; nil in all other runs.
    var canaries: CanaryRecord?

    /// The catalogs that come with the project.
    public static let standard = Plugins()

    /// Starts from ``standard``.
    public init() {}

    /// How the stages of `compress` go together, and what each does: a page of help for a terminal.
    public var compressionHelp: String { codecs.explanation }

    /// Everything that a setting can name, as data for help texts and forms, kind after kind.
    public var descriptions: [PluginDescription] {
        strategies.descriptions + aggregations.descriptions + selections.descriptions + attacks.descriptions
            + datasets.descriptions + partitions.descriptions + LearningRateSchedule.descriptions
            + Loss.descriptions + Optimizer.descriptions
            + wires.descriptions
            + codecs.descriptions + models.descriptions
    }
}
