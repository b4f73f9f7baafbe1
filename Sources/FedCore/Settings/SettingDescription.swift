/// All that is declared of a setting, as data: for help texts, documents, completions and forms.
public struct SettingDescription: Sendable, Equatable {
    public let name: String
    public let kind: SettingKind
    /// What a value must be beside its kind: `at least 1`; empty: anything.
    public let accepts: String
    /// Smallest number, and whether it is accepted itself.
    public let minimum: SettingBound?
    /// Largest number, and whether it is accepted itself.
    public let maximum: SettingBound?
    public let unit: SettingUnit?
    /// The default as text; nil: there is none.
    public let standard: String?
    /// What an absent value means.
    public let absence: String?
    /// `{choices}` in it stands for the names of the catalog.
    public let help: String
    /// Kind of plug-in whose name it is.
    public let catalog: String?
    public let isResumable: Bool

    /// What `--help` and docs/SETTINGS.md say of the default; nil: nothing.
    public var defaultWords: String? {
        if let absence { return absence }
        guard let standard, !standard.isEmpty, kind != .flag else { return nil }
        return standard
    }

    /// Help with the names of the catalog in it.
    /// - Parameter plugins: of all kinds.
    public func help(naming plugins: [PluginDescription]) -> String {
        guard let catalog else { return help }
        let choices = plugins.filter { $0.kind == catalog }.map {
            $0.name + $0.usage + ($0.summary.isEmpty ? "" : " (\($0.summary))")
        }
        return help.replacing("{choices}", with: choices.joined(separator: ", "))
    }
}

/// Names are JSON Schema's where it has one.
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
    public let title: String
    public let settings: [SettingDescription]
}

extension SettingsGroup {
    /// What is declared of the group's settings; the defaults are those of a fresh value.
    public static var description: SettingsGroupDescription {
        var (settings, visitor) = (Settings(), DescribingVisitor())
        // It throws nothing.
        try? visit(&settings, &visitor)
        return SettingsGroupDescription(title: title, settings: visitor.descriptions)
    }
}

extension SettingsSet {
    /// What is declared of all settings, in the order of the groups.
    public static var descriptions: [SettingsGroupDescription] { groups.map { $0.description } }

    /// Names of all settings, in the order of the groups.
    public static var names: [String] { descriptions.flatMap { $0.settings.map(\.name) } }
}

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
