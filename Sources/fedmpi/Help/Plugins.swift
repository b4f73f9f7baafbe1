import Aggregation
import Codecs
import Datasets
import FedCore
import Federation
import NeuralNet
import Records
import Selection
import Strategies

/// All plug-ins as data, of every kind that a setting can name.
enum Plugins {
    static let all: [PluginDescription] =
        Strategies.descriptions + Aggregations.descriptions + Selections.descriptions + Attacks.descriptions
        + Datasets.descriptions + Partitions.descriptions + LearningRateSchedule.descriptions + Wires.descriptions
        + UpdateCodecs.descriptions
        + Models.all.map { PluginDescription(kind: "model", name: $0.name, summary: "") }

    /// Their names alone, for lists; the summaries stand elsewhere.
    static let names: [PluginDescription] =
        all.map { PluginDescription(kind: $0.kind, name: $0.name, usage: $0.usage, summary: "") }

    /// Kinds in the order of `all`, each once.
    static var kinds: [String] { all.reduce(into: []) { if $0.last != $1.kind { $0.append($1.kind) } } }

    /// The setting that names plug-ins of a kind: `strategy`.
    static func setting(of kind: String) -> String? {
        EveryScope.settings.first { $0.catalog == kind }?.name
    }
}
