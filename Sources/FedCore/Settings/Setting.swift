/// The declaration of one setting: everything but its value. Made by ``SettingsVisitor``'s `value` functions, received
/// by its `visit`.
public struct Setting<Content: Sendable>: Sendable {
    /// Name on the command line (without hyphens before it), in YAML and in JSON.
    public let name: String
    /// Values that are accepted.
    public let domain: SettingDomain<Content>
    /// Unit of the number; nil for a number without unit, or another kind of value.
    public let unit: SettingUnit?
    /// One or two sentences. `{choices}` stands for the names of the catalog.
    public let help: String
    /// Meaning of an absent value: `no limit`; nil when the default itself is shown.
    public let absence: String?
    /// Kind of plug-in that the value names: `strategy`; nil for other settings.
    public let catalog: String?
    /// Whether a run that is continued may be given another value.
    public let isResumable: Bool

    /// The error for a value that is not accepted: `--alpha is 0; it must be greater than 0`.
    /// - Parameters:
    ///   - text: the value as it is shown.
    ///   - accepts: the end of the sentence "it must be …".
    public func refusal(of text: String, _ accepts: String) -> ConfigurationError {
        ConfigurationError("--\(name) is \(text); it must be \(accepts)")
    }
}

/// An operation on every setting: reading, writing, checking or describing it.
///
/// Settings are declared once, in the `visit` function of their group (``SettingsGroup/visit(_:_:)``). Parsing, help,
/// JSON, checks and documents are visitors of these declarations, so none of them can miss a setting.
public protocol SettingsVisitor {
    /// Does the operation on one setting.
    /// - Parameters:
    ///   - setting: the declaration.
    ///   - value: the value, which the visitor may read and replace.
    /// - Throws: `ConfigurationError`, which ends the visit.
    mutating func visit<Value: SettingValue>(
        _ setting: Setting<Value.Content>, _ value: inout Value
    ) throws(ConfigurationError)
}

extension SettingsVisitor {
    /// Declares one setting.
    ///
    /// ```swift
    /// try visitor.value("batch-size", &settings.batchSize, .in(1...1 << 20), "Samples of a step of local training.")
    /// ```
    /// - Parameters:
    ///   - name: name on the command line, in YAML and in JSON: `batch-size`.
    ///   - value: stored property that holds the value; its value in a fresh set is the default.
    ///   - domain: values that are accepted.
    ///   - unit: unit of the number.
    ///   - absence: meaning of an absent value, where the value is optional: `no limit`.
    ///   - catalog: kind of plug-in that the value names.
    ///   - isResumable: whether a run that is continued may be given another value.
    ///   - help: one or two sentences; `{choices}` stands for the names of the catalog.
    /// - Throws: `ConfigurationError` from the visitor.
    public mutating func value<Value: SettingValue>(
        _ name: String, _ value: inout Value, _ domain: SettingDomain<Value.Content>, unit: SettingUnit? = nil,
        absent absence: String? = nil, of catalog: String? = nil, resumable isResumable: Bool = false, _ help: String
    ) throws(ConfigurationError) {
        try visit(
            Setting(
                name: name, domain: domain, unit: unit, help: help, absence: absence, catalog: catalog,
                isResumable: isResumable),
            &value)
    }

    /// Declares one setting that accepts every value of its type.
    public mutating func value<Value: SettingValue>(
        _ name: String, _ value: inout Value, absent absence: String? = nil, of catalog: String? = nil,
        resumable isResumable: Bool = false, _ help: String
    ) throws(ConfigurationError) {
        try self.value(
            name, &value, .any, absent: absence, of: catalog, resumable: isResumable, help)
    }

    /// Declares the options of a plug-in, which the plug-in itself reads and checks.
    /// - Parameters:
    ///   - name: name of the setting: `strategy-options`.
    ///   - value: stored property that holds the options.
    ///   - catalog: kind of plug-in, for the help text.
    public mutating func options(
        _ name: String, _ value: inout NamedOptions, of catalog: String
    ) throws(ConfigurationError) {
        try self.value(
            name, &value,
            "What the \(catalog) takes: name=value,name=value; `fedmpi help` and its name lists them.")
    }
}
