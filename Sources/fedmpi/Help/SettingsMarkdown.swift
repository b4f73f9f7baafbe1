import FedCore

/// The contents of docs/SETTINGS.md, made from the declarations, so that the document cannot lag behind the program.
/// `scripts/check-settings` compares the two in CI.
enum SettingsMarkdown {
    /// The whole document.
    static var text: String {
        let groups = EveryScope.groups.map { $0.description }
        return """
            # Settings

            Written by `scripts/check-settings --write` from the settings' declarations; CI checks that it is current.

            Each is a flag (`--rounds 30`), a key of a YAML file (`--config run.yaml` with `rounds: 30`), and a key of a run's
            `config.json`, which can be given as `--config`, too. Flags override the file. `fedmpi help settings` prints them,
            `fedmpi help settings --json` as data, `fedmpi help fedprox` what one plug-in takes.

            Settings marked with ° may be given with `--resume`; all others a run that is continued has in its checkpoint.

            \(groups.map(section).joined(separator: "\n\n"))

            # What plug-ins take

            `--strategy-options mu=0.1,name=value`, or a mapping in YAML. Plug-ins that are not here take nothing.

            \(PluginList.kinds.compactMap(section).joined(separator: "\n\n"))
            """
    }

    /// A group's section: a table of its settings.
    private static func section(_ group: SettingsGroupDescription) -> String {
        table(
            "## \(group.title)", ["setting", "value", "default", "meaning"],
            group.settings.map { setting in
                [
                    "`\(setting.name)`\(setting.isResumable ? " °" : "")", value(setting),
                    cell(setting.defaultWords ?? ""),
                    cell(setting.help(naming: PluginList.names)),
                ]
            })
    }

    /// The cell that says what a value must be.
    private static func value(_ setting: SettingDescription) -> String {
        switch setting.kind {
        case .text: setting.catalog == nil ? "a text" : "a name"
        case .flag: "a flag"
        default: cell(SettingsText.words(setting) ?? setting.kind.words)
        }
    }

    /// The section of a kind of plug-ins: a table of the options they take; nil when none of them takes any.
    private static func section(_ kind: String) -> String? {
        let rows = PluginList.all.filter { $0.kind == kind }.flatMap { plugin in
            plugin.options.enumerated().map { place, option in
                [
                    place == 0 ? "`\(plugin.name)`" : "", "`\(option.name)`",
                    cell(SettingsText.requirement(of: option)),
                    cell(option.standard ?? ""),
                ]
            }
        }
        guard !rows.isEmpty else { return nil }
        return table(
            "## \(kind.prefix(1).uppercased() + kind.dropFirst())", [kind, "option", "value", "default"], rows)
    }

    /// A text as a cell. Only the column separator is escaped: the texts are the program's own, and may have code in
    /// them.
    private static func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }

    /// A heading and a table.
    ///
    /// - Parameters:
    ///   - title: the heading with its marks.
    ///   - columns: the titles of the columns.
    ///   - rows: cells in the order of the columns.
    private static func table(_ title: String, _ columns: [String], _ rows: [[String]]) -> String {
        func line(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
        return ([title, "", line(columns), line(columns.map { _ in "---" })] + rows.map(line)).joined(separator: "\n")
    }
}
