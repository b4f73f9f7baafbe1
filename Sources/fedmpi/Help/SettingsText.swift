import FedCore

/// Settings and what plug-ins take, as text for a terminal.
enum SettingsText {
    private static let width = 79
    private static let indent = 26

    /// Help, choices and default in a sentence or two, as `--help` has them.
    static func help(of setting: SettingDescription) -> String {
        let choices = setting.kind.choices.isEmpty ? nil : "values: \(setting.kind.choices.joined(separator: ", "))"
        let standard = setting.defaultWords.map { "default: \($0)" }
        let notes = [choices, standard].compactMap { $0 }
        return setting.help(naming: Plugins.all) + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))")
    }

    /// All groups of a scope.
    static func list(_ scope: any SettingsScope.Type) -> String {
        scope.groups.map { $0.description }.map { group in
            group.title.uppercased() + ":\n" + group.settings.map(entry).joined(separator: "\n")
        }.joined(separator: "\n\n")
    }

    /// One setting: what it is, what it accepts, what it is by default.
    static func entry(_ setting: SettingDescription) -> String {
        let facts = [
            setting.help(naming: Plugins.names),
            words(setting).map { "\($0.prefix(1).uppercased() + $0.dropFirst())." },
            setting.defaultWords.map { "(default: \($0))" },
        ]
        return entry("--\(setting.name)", facts.compactMap { $0 }.joined(separator: " "))
    }

    /// What a value must be; nil: any text, or what the help says.
    static func words(_ setting: SettingDescription) -> String? {
        switch setting.kind {
        case .text, .flag, .options, .list: return nil
        case .integer, .number, .choice: break
        }
        let unit = setting.unit.map { " of \($0.rawValue)" } ?? ""
        return setting.kind.words + unit + (setting.accepts.isEmpty ? "" : ", \(setting.accepts)")
    }

    /// What a plug-in is and takes.
    static func text(_ plugin: PluginDescription) -> String {
        let name = plugin.name + plugin.usage
        let title = "\(plugin.kind) \(name)\(plugin.summary.isEmpty ? "" : ": \(plugin.summary)")"
        let setting = Plugins.setting(of: plugin.kind) ?? plugin.kind
        var flags = "  --\(setting) \(name)"
        var options = ["It takes no options."]
        if !plugin.options.isEmpty {
            flags += " --\(setting)-options name=value,name=value"
            options = ["OPTIONS:"] + plugin.options.map { entry($0.name, words($0)) }
        }
        return ([wrapped(title, indent: 2, first: 0), "", flags, ""] + options).joined(separator: "\n")
    }

    /// `a number, at least 0 (default: 0.01)`
    static func words(_ option: OptionDescription) -> String {
        requirement(of: option)
            + (option.standard.flatMap { $0.isEmpty ? nil : " (default: \($0))" } ?? "")
    }

    /// What a value must be, and when the option is to be given.
    static func requirement(of option: OptionDescription) -> String {
        option.words + (option.isRequired ? "; it must be given" : "")
            + (option.condition.map { "; with \($0)" } ?? "")
    }

    private static func entry(_ name: String, _ text: String) -> String {
        let label = "  \(name)"
        guard label.count < indent - 1 else { return label + "\n" + wrapped(text, indent: indent, first: indent) }
        return Format.leftAligned(label, to: indent) + wrapped(text, indent: indent, first: indent).dropFirst(indent)
    }

    /// Lines of at most `width` characters.
    /// - Parameters:
    ///   - indent: spaces before each line but the first.
    ///   - first: spaces before the first.
    static func wrapped(_ text: String, indent: Int, first: Int) -> String {
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
