import Aggregation
import Codecs
import Datasets
import FedCore
import Federation
import NeuralNet
import Records
import Selection
import Strategies

/// The catalog of catalogs: all plug-ins, of every kind that a setting can name, as data. Only this target sees all of
/// them.
enum Plugins {
    /// Every plug-in with its summary and options; those of a kind stand together.
    static let all: [PluginDescription] =
        Strategies.descriptions + Aggregations.descriptions + Selections.descriptions + Attacks.descriptions
        + Datasets.descriptions + Partitions.descriptions + LearningRateSchedule.descriptions + Wires.descriptions
        + UpdateCodecs.descriptions
        + Models.all.map { PluginDescription(kind: "model", name: $0.name, summary: "") }

    /// The same without summaries and options, for lists in which they would repeat what stands elsewhere.
    static let names: [PluginDescription] =
        all.map { PluginDescription(kind: $0.kind, name: $0.name, usage: $0.usage, summary: "") }

    /// The kinds in the order of ``all``, each once.
    static var kinds: [String] { all.reduce(into: []) { if $0.last != $1.kind { $0.append($1.kind) } } }

    /// The setting that names plug-ins of a kind, such as `strategy`; nil for a kind that no setting names.
    static func setting(of kind: String) -> String? {
        EveryScope.settings.first { $0.catalog == kind }?.name
    }
}
