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
    /// What holds the values.
    associatedtype Settings: SettingsSet

    /// Title of the section.
    static var title: String { get }

    /// Shows every setting of the group to a visitor, always in the same order.
    static func visit(_ settings: inout Settings, _ visitor: inout some SettingsVisitor) throws(ConfigurationError)

    /// Refuses values that do not go together. Each is in its domain.
    static func check(_ settings: Settings) throws(ConfigurationError)
}

extension SettingsGroup {
    public static func check(_ settings: Settings) throws(ConfigurationError) {}
}

/// A value made of settings. Its groups make it readable and writable: from a command line, YAML or JSON, into JSON.
///
/// A new setting is a stored property, and a line in its group; a new group is a line in `groups`.
public protocol SettingsSet: Codable, Sendable, Equatable {
    /// With every setting's default.
    init()

    /// Groups of all settings, in the order of `--help`.
    static var groups: [any SettingsGroup<Self>.Type] { get }
}

extension SettingsSet {
    /// Shows every setting to a visitor.
    public mutating func visit(_ visitor: inout some SettingsVisitor) throws(ConfigurationError) {
        for group in Self.groups { try group.visit(&self, &visitor) }
    }

    /// Refuses values outside their domains, naming the setting and what it accepts, and those that do not go together.
    public func checkGroups() throws(ConfigurationError) {
        var (settings, visitor) = (self, DomainCheck())
        try settings.visit(&visitor)
        for group in Self.groups { try group.check(self) }
    }

    /// Takes what was given, each value checked against its domain. Names of no setting of these are left alone.
    /// - Throws: `ConfigurationError` with the first that is not of the setting's kind, or not accepted.
    public mutating func read(_ given: GivenSettings) throws(ConfigurationError) {
        var reader = SettingsReader(given)
        try visit(&reader)
    }

    /// Every setting's value as text, in the order of the groups; nil where there is none.
    public var texts: [(name: String, text: String?)] {
        var (settings, visitor) = (self, TextVisitor())
        // It throws nothing.
        try? settings.visit(&visitor)
        return visitor.texts
    }

    /// Names of the settings whose values are not the other's, and both as texts.
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
