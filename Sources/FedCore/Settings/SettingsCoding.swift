/// Settings as JSON: a flat object of their names, as in a run's `config.json`. Absent values are left out.
extension SettingsSet {
    /// Reads an object that `encode(to:)` wrote. A setting that it lacks, e.g. because an older version wrote it,
    /// keeps its default. Domains are not checked: see ``checkGroups()``.
    /// - Throws: the decoder's error for the first value of another type.
    public init(from decoder: any Decoder) throws {
        self.init()
        var visitor = DecodingVisitor(container: try decoder.container(keyedBy: SettingKey.self))
        try visit(&visitor)
        if let error = visitor.error { throw error }
    }

    /// Writes every setting that has a value.
    public func encode(to encoder: any Encoder) throws {
        var visitor = EncodingVisitor(container: encoder.container(keyedBy: SettingKey.self))
        var settings = self
        try settings.visit(&visitor)
        if let error = visitor.error { throw error }
    }
}

private struct SettingKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

/// Decodes each setting in turn. Visitors throw `ConfigurationError` only, so the decoder's own error, which says
/// where it is, is kept aside.
private struct DecodingVisitor: SettingsVisitor {
    let container: KeyedDecodingContainer<SettingKey>
    var error: (any Error)?

    mutating func visit<Value: SettingValue>(
        _ setting: Setting<Value.Content>, _ value: inout Value
    ) throws(ConfigurationError) {
        guard error == nil else { return }
        do {
            let key = SettingKey(stringValue: setting.name)
            if let decoded = try container.decodeIfPresent(Value.self, forKey: key) { value = decoded }
        } catch {
            self.error = error
        }
    }
}

private struct EncodingVisitor: SettingsVisitor {
    var container: KeyedEncodingContainer<SettingKey>
    var error: (any Error)?

    mutating func visit<Value: SettingValue>(
        _ setting: Setting<Value.Content>, _ value: inout Value
    ) throws(ConfigurationError) {
        guard error == nil, value.content != nil else { return }
        do {
            try container.encode(value, forKey: SettingKey(stringValue: setting.name))
        } catch {
            self.error = error
        }
    }
}
