/// What is declared of one setting beside the place of its value.
public struct Setting<Content: Sendable>: Sendable {
    /// Name on the command line (without hyphens), in YAML and in JSON.
    public let name: String
    /// Values that are accepted.
    public let domain: SettingDomain<Content>
    /// nil: a number without one, or none.
    public let unit: SettingUnit?
    /// One or two sentences. `{choices}` stands for the names of the catalog.
    public let help: String
    /// What an absent value means: `no limit`; nil: what the value says.
    public let absence: String?
    /// Kind of plug-in whose name it is: `strategy`.
    public let catalog: String?
    /// Whether a run that is continued may be given another value.
    public let isResumable: Bool

    /// What is said of a value that is not accepted: `--alpha is 0; it must be greater than 0`.
    public func refusal(of text: String, _ accepts: String) -> ConfigurationError {
        ConfigurationError("--\(name) is \(text); it must be \(accepts)")
    }
}

/// Something that is done with every setting: read it, write it, check it, describe it.
///
/// Settings are declared once, in the `visit` function of their group; everything that is to be known about them is what some
/// visitor finds there.
public protocol SettingsVisitor {
    /// - Parameters:
    ///   - setting: its declaration.
    ///   - value: its place.
    mutating func visit<Value: SettingValue>(
        _ setting: Setting<Value.Content>, _ value: inout Value
    ) throws(ConfigurationError)
}

extension SettingsVisitor {
    /// Declares one setting.
    /// - Parameters:
    ///   - name: on the command line, in YAML and in JSON: `batch-size`.
    ///   - value: its place; what stands there in a fresh value is the default.
    ///   - domain: values that are accepted.
    ///   - unit: of the number.
    ///   - absence: what no value means, where the value is optional: `no limit`.
    ///   - catalog: the kind of plug-in whose name it is.
    ///   - isResumable: whether a run that is continued may be given another value.
    ///   - help: one or two sentences; `{choices}` stands for the names of the catalog.
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

    /// Declares what a plug-in takes by name.
    /// - Parameter catalog: the kind of plug-in.
    public mutating func options(
        _ name: String, _ value: inout NamedOptions, of catalog: String
    ) throws(ConfigurationError) {
        try self.value(
            name, &value,
            "What the \(catalog) takes: name=value,name=value; `fedmpi help` and its name lists them.")
    }
}
