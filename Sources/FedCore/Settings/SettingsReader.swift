/// The visitor behind ``SettingsSet/read(_:)``: gives each setting its value among the given ones, if it is there, and
/// turns what is not accepted into one line that names the flag, the value, what it must be, and the file.
struct SettingsReader: SettingsVisitor {
    private let given: GivenSettings

    init(_ given: GivenSettings) {
        self.given = given
    }

    func visit<Value: SettingValue>(
        _ setting: Setting<Value.Content>, _ value: inout Value
    ) throws(ConfigurationError) {
        guard let entry = given.entry(setting.name) else { return }
        do throws(ConfigurationError) {
            value = try read(setting, entry.value)
        } catch {
            throw entry.origin.map { ConfigurationError("'\($0)': \(error)") } ?? error
        }
    }

    private func read<Value: SettingValue>(
        _ setting: Setting<Value.Content>, _ written: GivenSettings.Value
    ) throws(ConfigurationError) -> Value {
        let read: Value?
        do throws(ConfigurationError) {
            read = try Value.read(written, setting.unit)
        } catch {
            throw ConfigurationError("--\(setting.name): \(error)")
        }
        guard let read else { throw refusal(of: written, setting, Value.kind) }
        guard let content = read.content, let accepts = setting.domain.refusal(of: content) else { return read }
        throw setting.refusal(of: read.text ?? "", accepts)
    }

    /// The error for a value of another kind.
    private func refusal<Content>(
        of written: GivenSettings.Value, _ setting: Setting<Content>, _ kind: SettingKind
    ) -> ConfigurationError {
        switch written {
        case .text(let text):
            let words = [setting.unit?.words ?? kind.words, setting.domain.words].filter { !$0.isEmpty }
            return setting.refusal(
                of: "'\(text)'", words.joined(separator: ", ") + NearestName.hint(for: text, among: kind.choices))
        case .on: return ConfigurationError("--\(setting.name) needs a value: \(setting.unit?.words ?? kind.words)")
        case .list, .mapping: return ConfigurationError("\(setting.name) is not a single value")
        }
    }
}
