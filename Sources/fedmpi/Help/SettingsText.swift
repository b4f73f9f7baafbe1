import FedCore

/// The texts about settings and plug-ins for a terminal: `--help` and `fedmpi help`.
enum SettingsText {
    /// Characters in a line, for a terminal of 80.
    private static let width = 79
    /// The column, from 0, in which descriptions begin; longer names stand on a line of their own.
    private static let indent = 26

    /// The help of a setting as `--help` has it: a sentence or two, then choices and default in parentheses.
    static func help(of setting: SettingDescription) -> String {
        let choices = setting.kind.choices.isEmpty ? nil : "values: \(setting.kind.choices.joined(separator: ", "))"
        let standard = setting.defaultWords.map { "default: \($0)" }
        let notes = [choices, standard].compactMap { $0 }
        return setting.help(naming: PluginList.all) + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))")
    }

    /// The settings of all groups of a scope, each group under its title.
    static func list(_ scope: any SettingsScope.Type) -> String { list(scope.groups.map { $0.description }) }

    /// The settings of groups, each group under its title.
    static func list(_ groups: [SettingsGroupDescription]) -> String {
        groups.map { group in
            group.title.uppercased() + ":\n" + group.settings.map(entry).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// One setting: what it is, what it accepts, what it is by default.
    static func entry(_ setting: SettingDescription) -> String {
        let facts = [
            setting.help(naming: PluginList.names),
            words(setting).map { "\($0.prefix(1).uppercased() + $0.dropFirst())." },
            setting.defaultWords.map { "(default: \($0))" },
        ]
        return entry("--\(setting.name)", facts.compactMap { $0 }.joined(separator: " "))
    }

    /// What a value must be, in words with the unit and range.
    ///
    /// - Returns: nil where any text is accepted, or where the help already says it.
    static func words(_ setting: SettingDescription) -> String? {
        switch setting.kind {
        case .text, .flag, .options, .list: return nil
        case .integer, .number, .choice: break
        }
        let unit = setting.unit.map { " of \($0.rawValue)" } ?? ""
        return setting.kind.words + unit + (setting.accepts.isEmpty ? "" : ", \(setting.accepts)")
    }

    /// A plug-in: what it is, how it is chosen, and what options it takes.
    static func text(_ plugin: PluginDescription) -> String {
        let name = plugin.name + plugin.usage
        let title = "\(plugin.kind) \(name)\(plugin.summary.isEmpty ? "" : ": \(plugin.summary)")"
        let setting = PluginList.setting(of: plugin.kind) ?? plugin.kind
        var flags = "  --\(setting) \(name)"
        var options = ["It takes no options."]
        if !plugin.options.isEmpty {
            // Stages of a pipeline have their options behind their names.
            let isStage = !EveryScope.names.contains("\(setting)-options")
            flags =
                isStage ? "  --\(setting) '\(name) name=value'" : flags + " --\(setting)-options name=value,name=value"
            options = ["OPTIONS:"] + plugin.options.map { entry($0.name, words($0)) }
        }
        return ([wrapped(title, indent: 2, first: 0), "", flags, ""] + options).joined(separator: "\n")
    }

    /// A catalog: each plug-in in a line, and what it takes below it.
    static func catalog(_ plugins: [PluginDescription]) -> String {
        let kind = plugins.first?.kind ?? ""
        let lines = plugins.map { plugin in
            ([entry(plugin.name + plugin.usage, plugin.summary)]
                + plugin.options.map { entry("    \($0.name)", words($0)) }).joined(separator: "\n")
        }
        return ([kind.uppercased() + ":"] + lines).joined(separator: "\n")
    }

    /// An option's requirement and default: `a number, at least 0 (default: 0.01)`.
    static func words(_ option: OptionDescription) -> String {
        requirement(of: option)
            + (option.standard.flatMap { $0.isEmpty ? nil : " (default: \($0))" } ?? "")
    }

    /// What an option's value must be, and when the option is to be given.
    static func requirement(of option: OptionDescription) -> String {
        option.words + (option.isRequired ? "; it must be given" : "")
            + (option.condition.map { "; with \($0)" } ?? "")
    }

    /// A name with its text beside it, or below it when the name is long.
    private static func entry(_ name: String, _ text: String) -> String {
        let label = "  \(name)"
        guard label.count < indent - 1 else { return label + "\n" + wrapped(text, indent: indent, first: indent) }
        return Format.leftAligned(label, to: indent) + wrapped(text, indent: indent, first: indent).dropFirst(indent)
    }

    /// Breaks a text into lines of at most ``width`` characters; a longer word gets a line of its own.
    ///
    /// - Parameters:
    ///   - text: words separated by spaces.
    ///   - indent: spaces before each line but the first.
    ///   - first: spaces before the first line.
    ///   - width: most characters of a line.
    static func wrapped(_ text: String, indent: Int, first: Int, width: Int = width) -> String {
        var lines = [String(repeating: " ", count: first)]
        var isEmpty = true
        for word in text.split(separator: " ") {
            let last = lines.count - 1
            if !isEmpty, lines[last].count + 1 + word.count > width {
                lines.append(String(repeating: " ", count: indent) + word)
            } else {
                lines[last] += (isEmpty ? "" : " ") + word
            }
            isEmpty = false
        }
        return lines.joined(separator: "\n")
    }
}
