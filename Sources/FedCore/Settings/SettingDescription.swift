/// The declaration of a setting as data, without the type of its value: for help texts, documents, completions and
/// forms.
public struct SettingDescription: Sendable, Equatable {
    /// Name on the command line (without hyphens before it), in YAML and in JSON.
    public let name: String
    /// Form of the value.
    public let kind: SettingKind
    /// Condition on a value beside its kind: `at least 1`; empty when every value of the kind is accepted.
    public let accepts: String
    /// Smallest number, and whether it is accepted itself.
    public let minimum: SettingBound?
    /// Largest number, and whether it is accepted itself.
    public let maximum: SettingBound?
    /// Unit of the number; nil for a number without unit, or another kind of value.
    public let unit: SettingUnit?
    /// The default as text; nil when there is none.
    public let standard: String?
    /// Meaning of an absent value: `no limit`.
    public let absence: String?
    /// One or two sentences, in which `{choices}` stands for the names of the catalog.
    public let help: String
    /// Kind of plug-in that the value names.
    public let catalog: String?
    /// Whether a run that is continued may be given another value.
    public let isResumable: Bool

    /// The default as `--help` and docs/SETTINGS.md show it; nil when they show none, as for flags and empty texts.
    public var defaultWords: String? {
        if let absence { return absence }
        guard let standard, !standard.isEmpty, kind != .flag else { return nil }
        return standard
    }

    /// The help text with `{choices}` replaced by the names and summaries of the catalog.
    /// - Parameter plugins: plug-ins of all kinds.
    public func help(naming plugins: [PluginDescription]) -> String {
        guard let catalog else { return help }
        let choices = plugins.filter { $0.kind == catalog }.map {
            $0.name + $0.usage + ($0.summary.isEmpty ? "" : " (\($0.summary))")
        }
        return help.replacing("{choices}", with: choices.joined(separator: ", "))
    }
}

/// Keys are those of JSON Schema where it has one: `minimum`, `exclusiveMinimum`, `default`.
extension SettingDescription: Encodable {
    private enum Key: String, CodingKey {
        case name, type, choices, accepts, minimum, maximum, exclusiveMinimum, exclusiveMaximum, unit, absent, help
        case plugin, resumable
        case standard = "default"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encode(kind.name, forKey: .type)
        if !kind.choices.isEmpty { try container.encode(kind.choices, forKey: .choices) }
        if !accepts.isEmpty { try container.encode(accepts, forKey: .accepts) }
        if let minimum {
            try container.encode(minimum.value, forKey: minimum.isIncluded ? .minimum : .exclusiveMinimum)
        }
        if let maximum {
            try container.encode(maximum.value, forKey: maximum.isIncluded ? .maximum : .exclusiveMaximum)
        }
        try container.encodeIfPresent(unit, forKey: .unit)
        try container.encodeIfPresent(standard, forKey: .standard)
        try container.encodeIfPresent(absence, forKey: .absent)
        try container.encodeIfPresent(catalog, forKey: .plugin)
        try container.encode(help, forKey: .help)
        try container.encode(isResumable, forKey: .resumable)
    }
}

/// A section of settings, as data.
public struct SettingsGroupDescription: Sendable, Equatable, Encodable {
    /// Title of the section.
    public let title: String
    /// Its settings, in the order of `--help`.
    public let settings: [SettingDescription]
}

extension SettingsGroup {
    /// The declarations of the group's settings, with the defaults of a fresh set. Visits the group anew at each call.
    public static var description: SettingsGroupDescription {
        var (settings, visitor) = (Settings(), DescribingVisitor())
        // It throws nothing.
        try? visit(&settings, &visitor)
        return SettingsGroupDescription(title: title, settings: visitor.descriptions)
    }
}

extension SettingsSet {
    /// The declarations of all settings, in the order of the groups. Visits them all anew at each call.
    public static var descriptions: [SettingsGroupDescription] { groups.map { $0.description } }

    /// Names of all settings, in the order of the groups.
    public static var names: [String] { descriptions.flatMap { $0.settings.map(\.name) } }
}

/// Collects the declarations.
private struct DescribingVisitor: SettingsVisitor {
    var descriptions: [SettingDescription] = []

    mutating func visit<Value: SettingValue>(
        _ setting: Setting<Value.Content>, _ value: inout Value
    ) throws(ConfigurationError) {
        descriptions.append(
            SettingDescription(
                name: setting.name, kind: Value.kind, accepts: setting.domain.words,
                minimum: setting.domain.minimum, maximum: setting.domain.maximum, unit: setting.unit,
                standard: value.text, absence: setting.absence, help: setting.help, catalog: setting.catalog,
                isResumable: setting.isResumable))
    }
}
