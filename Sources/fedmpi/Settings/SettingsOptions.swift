import ArgumentParser
import FedCore
import Records

/// The settings of a scope as options of a command: an option for each setting, a section of `--help` for each group,
/// and `--config` for a file that may give them, too.
///
/// ArgumentParser finds a type's options by reflection over its stored properties. Settings are declared where they
/// belong (``SettingsGroup``) and are no stored properties here, so the mirror that it looks at is made from their
/// declarations. What the parser contributes are `--help`, shell completions and a hint for a mistyped flag; the values
/// are read by the settings themselves, in the same way for flags and files.
///
/// ```swift
/// struct Train: WorldCommand {
///     @OptionGroup var options: SettingsOptions<TrainingScope>
/// }
/// ```
struct SettingsOptions<Scope: SettingsScope>: ParsableArguments, CustomReflectable {
    /// The settings on the command line; after ``validate()`` those in the file, too.
    private var given = GivenSettings()
    /// The file given by `--config`.
    private var path: String?
    /// The choices after ``validate()``; before it, every default.
    private(set) var choices = RunChoices()

    /// Makes options of which nothing is given; the parser asks for them to find the options.
    init() {}

    /// Takes the values of all groups, and the file's path, from the parser.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: OptionKey.self)
        for group in Scope.groups { given.override(with: try Self.decode(group, from: container)) }
        path = try container.decode(Option<String?>.self, forKey: Self.file).wrappedValue
    }

    /// The settings of one group that the command line gives.
    private static func decode<Group: SettingsGroup>(
        _ group: Group.Type, from container: KeyedDecodingContainer<OptionKey>
    ) throws -> GivenSettings {
        try container.decode(OptionGroup<GroupOptions<Group>>.self, forKey: OptionKey(group.title)).wrappedValue.given
    }

    /// Reads the file, if one is given, and both as settings; flags override the file. The parser calls it.
    ///
    /// - Throws: `ConfigurationError` for a file that cannot be read, an unknown name, or a value that is not accepted.
    mutating func validate() throws {
        if let path {
            var all = try ConfigurationFile.given(in: path)
            all.override(with: given)
            given = all
        }
        choices = try RunChoices(given, of: Scope.self)
        choices.file = path
    }

    /// The option groups and `--config` that the parser is shown in place of the stored properties.
    var customMirror: Mirror {
        let groups = Scope.groups.map { (label: $0.title as String?, value: Self.options(of: $0)) }
        let file = Option<String?>(
            name: .customLong("config"),
            help: "YAML file with any of the options by name, or a run's config.json; flags override it.",
            completion: .file(extensions: ["yaml", "yml", "json"]))
        return Mirror(self, children: groups + [(label: Self.file.stringValue, value: file)])
    }

    /// The options of one group, under its title.
    private static func options<Group: SettingsGroup>(of group: Group.Type) -> Any {
        OptionGroup<GroupOptions<Group>>(title: group.title)
    }

    /// The key of `--config`.
    private static var file: OptionKey { OptionKey("config") }

    // MARK: What was given

    /// What the run prints and leaves behind.
    var output: OutputSettings { choices.output }

    /// The run's settings with the default number of clients.
    ///
    /// - Parameter ranks: ranks of the job, rank 0 included.
    func settings(ranks: Int) -> RunSettings { choices.settings(ranks: ranks) }

    /// Whether a setting was given, on the command line or in the file: some defaults depend on that.
    ///
    /// - Parameter name: the setting's name, without hyphens before it.
    func contains(_ name: String) -> Bool { choices.given.contains(name) }
}

/// The key of an option whose name is known only when the program runs. There are no integer keys.
struct OptionKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
