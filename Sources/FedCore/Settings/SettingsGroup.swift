/// Settings that belong together: one section of `--help` and of docs/SETTINGS.md.
///
/// ```swift
/// public enum LocalTraining: SettingsGroup {
///     public static let title = "Local training"
///     public static func visit(
///         _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
///     ) throws(ConfigurationError) {
///         try visitor.value("epochs", &settings.epochs, .in(0...1 << 20), "Passes over a client's samples per round.")
///     }
/// }
/// ```
public protocol SettingsGroup<Settings>: SendableMetatype {
    /// The type that holds the values.
    associatedtype Settings: SettingsSet

    /// Title of the section.
    static var title: String { get }

    /// Shows every setting of the group to a visitor, always in the same order.
    /// - Throws: `ConfigurationError` from the visitor.
    static func visit(_ settings: inout Settings, _ visitor: inout some SettingsVisitor) throws(ConfigurationError)

    /// Refuses values that contradict each other; each of them is in its own domain already. Accepts all by default.
    /// - Throws: `ConfigurationError` that names the settings.
    static func check(_ settings: Settings) throws(ConfigurationError)
}

extension SettingsGroup {
    public static func check(_ settings: Settings) throws(ConfigurationError) {}
}

/// A value made of settings, e.g. those of a run. Its groups make it readable from a command line, YAML and JSON, and
/// writable as JSON.
///
/// A new setting is a stored property, and a line in its group; a new group is a line in `groups`.
public protocol SettingsSet: Codable, Sendable, Equatable {
    /// Makes a set with every setting's default.
    init()

    /// Groups of all settings, in the order of `--help`.
    static var groups: [any SettingsGroup<Self>.Type] { get }
}

extension SettingsSet {
    /// Shows every setting to a visitor, group by group.
    /// - Throws: `ConfigurationError` from the visitor.
    public mutating func visit(_ visitor: inout some SettingsVisitor) throws(ConfigurationError) {
        for group in Self.groups { try group.visit(&self, &visitor) }
    }

    /// Refuses values outside their domains, and values that contradict each other.
    /// - Throws: `ConfigurationError` for the first, with the setting and what it accepts.
    public func checkGroups() throws(ConfigurationError) {
        var (settings, visitor) = (self, DomainCheck())
        try settings.visit(&visitor)
        for group in Self.groups { try group.check(self) }
    }

    /// Takes over given values, each checked against its domain. Names that none of these settings has are ignored: see
    /// ``GivenSettings/refuseNames(besides:)``.
    /// - Throws: `ConfigurationError` for the first value that is not of the setting's kind, or not accepted, with the
    ///   file that it comes from. Earlier settings have their new values then.
    public mutating func read(_ given: GivenSettings) throws(ConfigurationError) {
        var reader = SettingsReader(given)
        try visit(&reader)
    }

    /// The values of all settings as text, in the order of the groups; nil for an absent value.
    public var texts: [(name: String, text: String?)] {
        var (settings, visitor) = (self, TextVisitor())
        // It throws nothing.
        try? settings.visit(&visitor)
        return visitor.texts
    }

    /// The settings whose values differ from the other's, with both values as text.
    public func differences(from other: Self) -> [(name: String, text: String?, other: String?)] {
        zip(texts, other.texts).compactMap { own, other in
            own.text == other.text ? nil : (own.name, own.text, other.text)
        }
    }
}

/// Refuses what is outside its domain.
private struct DomainCheck: SettingsVisitor {
    func visit<Value: SettingValue>(
        _ setting: Setting<Value.Content>, _ value: inout Value
    ) throws(ConfigurationError) {
        guard let content = value.content, let accepts = setting.domain.refusal(of: content) else { return }
        throw setting.refusal(of: value.text ?? "", accepts)
    }
}

private struct TextVisitor: SettingsVisitor {
    var texts: [(name: String, text: String?)] = []

    mutating func visit<Value: SettingValue>(
        _ setting: Setting<Value.Content>, _ value: inout Value
    ) throws(ConfigurationError) {
        texts.append((setting.name, value.text))
    }
}
