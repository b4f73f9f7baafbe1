import FedCore
import Foundation
import Records
import RunStore

/// The form that starts a run, or a sweep: a field for each setting, made from the declarations that the command line is made from.
struct StartPage {
    /// Names and summaries of plug-ins, as `fedmpi help settings --json` lists them.
    let plugins: [SettingsCatalog.Plugin]
    /// What was filled in, by name.
    var given: [String: String] = [:]
    /// Why it was not taken.
    var trouble: String?
    /// Runs that wait or go on, for who wonders when theirs begins.
    let queue: HTML

    /// Groups whose fields are open from the beginning.
    private static let opened: Set<String> = ["Run", "Clients", "Strategy and aggregation", "Model", "Data"]
    /// Everything below the heading.
    var html: HTML {
        let notice: HTML? = trouble.map { "<p class=\"notice bad\" role=\"alert\">\($0)</p>" }
        return """
            \(notice)\(queue)
            <form id="settings" method="post" action="/start">
            <div class="fields"><label>Ranks, the server among them <input name="ranks" type="number" min="1" max="1024" \
            value="\(given["ranks"] ?? "2")" required></label>
            <label>Name of the run's or the sweep's folder <input name="name" value="\(given["name"])" placeholder="made up when empty" pattern="[A-Za-z0-9._\\-]{1,100}"></label>
            <label>Note <input name="note" maxlength="1000" value="\(given["note"])"></label></div>
            <p class="quiet">What is left empty keeps its default.</p>
            \(variation)
            \(RunSettings.descriptions.html(group))
            <h2>On a command line</h2><pre id="command">mpirun -np 2 fedmpi train</pre>
            <button class="plain" type="button" data-copy="command" hidden>Copy</button>
            <p><button type="submit">Start it</button></p></form>
            """
    }

    /// Name of the field with what varies among the runs of a sweep.
    static let varied = "vary"

    /// The field that makes a sweep of a run.
    private var variation: HTML {
        let text = given[Self.varied]
        let mark: HTML? = text?.isEmpty == false ? " open" : nil
        return """
            <fieldset><details id="sweep"\(mark)><summary>Several runs: a sweep</summary>\
            <label>What varies, a line for each setting <textarea name="\(Self.varied)" rows="4" \
            placeholder="strategy: fedavg, fedprox&#10;alpha: 0.1, 1&#10;seed: 1, 2, 3">\(text)</textarea>\
            <small>Every combination of the values is a run; the ranks are shared out among runs side by side. The settings below are those \
            of all runs. The page <a href="/sweeps">Sweeps</a> then compares them.</small></label></details></fieldset>
            """
    }

    /// Reads what varies: a setting a line, its values behind a colon, with commas between them.
    ///
    /// - Parameter text: what was filled in; empty lines are passed over.
    /// - Returns: the values by setting; nothing when nothing varies.
    /// - Throws: `ConfigurationError` for a line that is something else, and for a setting that comes twice.
    static func grid(_ text: String) throws(ConfigurationError) -> [String: [RequestedValue]] {
        var grid: [String: [RequestedValue]] = [:]
        for line in text.split(whereSeparator: \.isNewline) where !line.allSatisfy(\.isWhitespace) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            let values = (parts.count == 2 ? parts[1] : "").split(separator: ",")
                .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
            guard let name = parts.first, !name.isEmpty, !values.isEmpty else {
                throw ConfigurationError(
                    "'\(line.prefix(100).description.printable)' is no setting with values, as in strategy: fedavg, fedprox"
                )
            }
            guard grid[name] == nil else { throw ConfigurationError("\(name.printable) stands twice in what varies") }
            grid[name] = values.map { .text($0) }
        }
        return grid
    }

    /// A group of settings, folded unless it is one that most people need, or something in it was filled in.
    private func group(_ group: SettingsGroupDescription) -> HTML {
        let isOpen =
            Self.opened.contains(group.title)
            || group.settings.contains { given[Self.prefix + $0.name]?.isEmpty == false }
        let mark: HTML? = isOpen ? " open" : nil
        return """
            <fieldset><details\(mark)><summary>\(group.title)</summary><div class="fields">\
            \(group.settings.html(field))</div></details></fieldset>
            """
    }

    /// What stands before a setting's name in the form, so that one called `name` would not be taken for the run's.
    static let prefix = "set."

    /// The field of one setting: a choice, a box, or a text with the default in it and suggestions where there is a catalog.
    ///
    /// - Parameter setting: its declaration, which also says what it accepts.
    private func field(_ setting: SettingDescription) -> HTML {
        let name = Self.prefix + setting.name
        let value = given[name]
        let standard = setting.defaultWords ?? ""
        let unit: HTML? = setting.unit.map { " (\($0.rawValue))" }
        let help = setting.help.replacing("{choices}", with: "see the list")
        let hint: HTML = "<small>\(help)\(setting.accepts.isEmpty ? "" : " Accepts: \(setting.accepts).")</small>"
        func options(_ words: [(value: String, title: String)]) -> HTML {
            let choices = words.html { word in
                let mark: HTML? = word.value == value ? " selected" : nil
                return "<option value=\"\(word.value)\"\(mark)>\(word.title)</option>"
            }
            return """
                <label>\(setting.name)\(unit)<select name="\(name)" data-setting="\(setting.name)">\
                <option value="">\(standard.isEmpty ? "default" : standard + ", the default")</option>\(choices)</select>\(hint)</label>
                """
        }
        switch setting.kind {
        case .choice(let words): return options(words.map { ($0, $0) })
        case .flag:
            let mark: HTML? = value == "true" ? " checked" : nil
            return """
                <label><span><input type="checkbox" name="\(name)" value="true" data-setting="\(setting.name)"\(mark)> \(setting.name)</span>\(hint)</label>
                """
        default:
            let known = plugins.filter { $0.kind == setting.catalog }
            // Names are suggested, and not all that is accepted: some take an argument, a model may be its layers.
            let list: HTML? =
                known.isEmpty
                ? nil
                : "<datalist id=\"list-\(name)\">\(known.html { "<option value=\"\($0.name)\">\($0.summary)</option>" })</datalist>"
            let mark: HTML? = known.isEmpty ? nil : " list=\"list-\(name)\""
            return """
                <label>\(setting.name)\(unit)<input name="\(name)" data-setting="\(setting.name)" value="\(value)" \
                placeholder="\(standard)"\(mark)>\(list)\(hint)</label>
                """
        }
    }
}
