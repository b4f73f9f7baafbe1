import ArgumentParser
import FedCore
import Records

/// The settings of a scope as options of a command: an option for each, a section of `--help` for each group, and `--config`
/// for a file that has them, too.
///
/// ArgumentParser finds the options of a type by reflection over its stored properties. The settings have none here, they are
/// declared where they belong (``SettingsGroup``), so the mirror is made from their declarations. What ArgumentParser gives us
/// for it are `--help`, shell completions and a hint for a mistyped flag; values are read by the settings themselves.
struct SettingsOptions<Scope: SettingsScope>: ParsableArguments, CustomReflectable {
    /// Settings on the command line; after `validate` those in the file, too.
    private var given = GivenSettings()
    private var path: String?
    /// What was given, read.
    private(set) var choices = RunChoices()

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: OptionKey.self)
        for group in Scope.groups { given.override(with: try Self.decode(group, from: container)) }
        path = try container.decode(Option<String?>.self, forKey: Self.file).wrappedValue
    }

    private static func decode<Group: SettingsGroup>(
        _ group: Group.Type, from container: KeyedDecodingContainer<OptionKey>
    ) throws -> GivenSettings {
        try container.decode(OptionGroup<GroupOptions<Group>>.self, forKey: OptionKey(group.title)).wrappedValue.given
    }

    /// Reads the file; flags override it.
    mutating func validate() throws {
        if let path {
            var all = try ConfigurationFile.given(in: path)
            all.override(with: given)
            given = all
        }
        choices = try RunChoices(given, of: Scope.self)
    }

    var customMirror: Mirror {
        let groups = Scope.groups.map { (label: $0.title as String?, value: Self.options(of: $0)) }
        let file = Option<String?>(
            name: .customLong("config"),
            help: "YAML file with any of the options by name, or a run's config.json; flags override it.",
            completion: .file(extensions: ["yaml", "yml", "json"]))
        return Mirror(self, children: groups + [(label: Self.file.stringValue, value: file)])
    }

    private static func options<Group: SettingsGroup>(of group: Group.Type) -> Any {
        OptionGroup<GroupOptions<Group>>(title: group.title)
    }

    private static var file: OptionKey { OptionKey("config") }

    // MARK: What was given

    var output: OutputSettings { choices.output }

    /// - Parameter ranks: of the job; decides the default number of clients.
    func settings(ranks: Int) -> RunSettings { choices.settings(ranks: ranks) }

    /// Whether a setting was given, on the command line or in the file.
    func contains(_ name: String) -> Bool { choices.given.contains(name) }
}

/// Key of an option whose name is known when the program runs.
struct OptionKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
