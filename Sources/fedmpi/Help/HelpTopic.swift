import FedCore
import Federation
import Foundation

/// A question to `fedmpi help` that is about no command: `fedmpi help settings`, `fedmpi help fedprox`,
/// `fedmpi help lr`.
///
/// `Main` looks for one before it parses, because the parser would take the word for a command that it does not know.
struct HelpTopic {
    /// What is asked about: `settings`, a group of them, a setting, a catalog, or a plug-in.
    private let topic: String
    /// The third argument; empty, and thus refused, when there are more than three.
    private let format: String?

    /// Reads a question.
    ///
    /// - Parameter arguments: as given, without the program's name.
    /// - Returns: nil when the arguments are no such question: the parser then knows what they are.
    init?(_ arguments: [String]) {
        guard arguments.first == "help", arguments.count >= 2, !Help.commands.contains(arguments[1]) else { return nil }
        // `fedmpi help --lr` asks for the setting, too.
        let name = String(arguments[1].drop { $0 == "-" })
        guard name == arguments[1] || EveryScope.names.contains(name) else { return nil }
        topic = name
        format = arguments.count == 3 ? arguments[2] : arguments.count > 3 ? "" : nil
    }

    /// The answer, for standard output.
    ///
    /// - Throws: `ConfigurationError` when nothing has this name, with the nearest name as a hint, or the format is
    ///   unknown.
    func text() throws -> String {
        if topic == "settings" { return try settings() }
        if topic == "glossary", format == "--markdown" { return Glossary.markdown }
        guard format == nil else { throw ConfigurationError("`fedmpi help` takes one name here") }
        let section = HelpSection.all.first { $0.name == topic }?.text
        let settings = EveryScope.settings.filter { $0.name == topic && section == nil }.map(SettingsText.entry)
        let plugins = PluginList.all.filter { $0.name == topic }.map(SettingsText.text)
        // `fedmpi help strategy`: everything that the setting can name.
        let kind = EveryScope.settings.first { $0.name == topic }?.catalog ?? topic
        let catalog = topic == "compress" ? [] : PluginList.all.filter { $0.kind == kind }
        if let text = Self.others[topic], section == nil { return SettingsText.wrapped(text, indent: 0, first: 0) }
        if let text = DeviceHelp.text(topic) { return text }
        guard section != nil || !(settings + plugins + catalog.map(\.name)).isEmpty else {
            if let text = Glossary.text(topic) { return text }
            // `fedmpi help dp-sgd` and `help dp`: settings that have such a value, or such names.
            let family = EveryScope.settings.filter { setting in
                setting.kind.choices.contains { $0 == topic || $0.hasPrefix(topic + "-") }
                    || setting.name.hasPrefix(topic + "-")
            }
            let sections = HelpSection.all.filter { section in
                section.groups(of: EveryScope.self).contains { group in family.contains(where: group.settings.contains)
                }
            }
            let more = sections.map { "All that goes with it: `fedmpi help \($0.name)`." }
            guard family.isEmpty else { return (family.map(SettingsText.entry) + more).joined(separator: "\n\n") }
            let names =
                Help.commands + HelpSection.all.map(\.name) + ["settings"] + DeviceHelp.topics + EveryScope.names
                + EveryScope.settings.flatMap(\.kind.choices) + PluginList.all.map(\.name) + Glossary.terms
            let hint = NearestName.question(for: topic, among: names)
            throw ConfigurationError(
                "nothing is called '\(topic)'; "
                    + (hint ?? "`fedmpi help` lists the commands, `fedmpi help settings` the settings"))
        }
        let pages = topic == "compress" ? [Plugins.standard.compressionHelp] : []
        let list = catalog.isEmpty ? [] : [SettingsText.catalog(catalog)]
        return ([section].compactMap { $0 } + settings + plugins + list + pages).joined(separator: "\n\n")
    }

    /// What people ask about that is neither a command nor a setting.
    private static let others = [
        "glossary": "Words: \(Glossary.terms.joined(separator: ", ")). `fedmpi help WORD` tells one.",
        "label":
            "The column of a table that says each row's class: --dataset-options label=COLUMN (`fedmpi help csv`). Without it "
            + "the first column is the label.",
        "target":
            "Columns of numbers to predict: --dataset-options target=COLUMN, several in quotes with spaces between "
            + "(`fedmpi help csv`). The model's last layer has an output for each.",
        "resume":
            "--resume RUN continues a run that was stopped or killed, on any number of ranks, to the weights it would "
            + "have had; with --rounds N it makes a finished one longer. --from previous takes the checkpoint before.",
        "from":
            "--from latest|previous says which checkpoint --resume RUN continues: previous when the latest is damaged.",
        "config":
            "--config FILE reads settings from YAML, or from a run's config.json, which repeats the run. Options on "
            + "the command line override it. `fedmpi init` writes a file to begin with.",
        "dry-run": "--dry-run checks settings and data as a run does, and trains nothing. Exit code 0: they are sound.",
        "checkpoint":
            "Every run saves itself after each round (--checkpoint-every) into its folder; --resume RUN continues it.",
        "metrics": "What a run measures stands in round_log.json by name; --metrics-port shows it to Prometheus: "
            + "docs/MONITORING.md.",
        "hostfile":
            "mpirun --hostfile FILE starts ranks on several hosts; `fedmpi doctor --hostfile FILE` asks each of them "
            + "first: hostfiles/cluster.example, docs/INSTALLING.md.",
        "timeout": timeLimit,
        "time-limit": timeLimit,
        "slurm": "sbatch scripts/slurm.sbatch runs inside Slurm, and goes on after a pre-emption: docs/CLUSTER-LAB.md.",
    ]

    /// How a run is given an end in time.
    private static let timeLimit =
        "A run has no limit of its own: `timeout 10m mpirun -np 6 fedmpi …` stops it by a signal, saved, and "
        + "--resume RUN goes on. Under Slurm `sbatch --time` does (docs/CLUSTER-LAB.md)."

    /// The list of all settings as text, Markdown (docs/SETTINGS.md) or JSON.
    private func settings() throws -> String {
        switch format {
        case nil:
            let takers = PluginList.all.filter { !$0.options.isEmpty }.map(\.name).joined(separator: ", ")
            let hint = "`fedmpi help` and a name tell more of a setting, or what a plug-in takes: \(takers)."
            return SettingsText.list(EveryScope.self) + "\n\n" + SettingsText.wrapped(hint, indent: 2, first: 2)
        case "--markdown": return SettingsMarkdown.text
        case "--json": return try json()
        default: throw ConfigurationError("`fedmpi help settings` takes --json or --markdown, not '\(format ?? "")'")
        }
    }

    /// The JSON of `fedmpi help settings --json`, for forms and editors.
    private struct Description: Encodable {
        let groups: [SettingsGroupDescription]
        let plugins: [PluginDescription]
    }

    /// All settings and plug-ins as JSON with sorted keys.
    private func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let description = Description(groups: EveryScope.groups.map { $0.description }, plugins: PluginList.all)
        return String(decoding: try encoder.encode(description), as: UTF8.self)
    }
}
