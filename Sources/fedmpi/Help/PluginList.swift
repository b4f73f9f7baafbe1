import FedCore
import Federation

/// All plug-ins as data, of every kind that a setting can name.
enum PluginList {
    static let all: [PluginDescription] = Plugins.standard.descriptions

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
