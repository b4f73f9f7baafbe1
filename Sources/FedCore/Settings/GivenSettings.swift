/// Settings as somebody wrote them, before they have types: on the command line, in a file, in a request.
///
/// A command fills one for each source and overrides the weaker by the stronger; ``SettingsSet/read(_:)`` then gives
/// the values their types. Each value keeps its origin, so that an error can name the file it comes from.
public struct GivenSettings: Sendable, Equatable {
    /// One setting's value as it was written.
    public enum Value: Sendable, Equatable {
        /// A flag without a value.
        case on
        /// A single value, whatever its type will be.
        case text(String)
        /// Several values, or a flag that was given several times.
        case list([String])
        /// Values by name: a plug-in's options in a file.
        case mapping([String: String])
    }

    /// A value and its origin.
    struct Entry: Sendable, Equatable {
        var value: Value
        /// Path of the file; nil for the command line.
        var origin: String?
    }

    private var entries: [String: Entry] = [:]
    /// Names in the order in which they were given, each once.
    public private(set) var names: [String] = []

    /// Makes an empty collection.
    public init() {}

    /// Whether a setting of this name was given.
    public func contains(_ name: String) -> Bool { entries[name] != nil }

    /// Whether the command line gives a setting, and not a file.
    public func isOnCommandLine(_ name: String) -> Bool { entries[name].map { $0.origin == nil } ?? false }

    /// The value and origin of a setting; nil when it was not given.
    func entry(_ name: String) -> Entry? { entries[name] }

    /// Sets a value, replacing an earlier one.
    /// - Parameters:
    ///   - name: the setting's name, without hyphens before it.
    ///   - value: the value as written.
    ///   - origin: path of the file it stands in; nil for the command line.
    public mutating func set(_ name: String, to value: Value, origin: String? = nil) {
        if entries.updateValue(Entry(value: value, origin: origin), forKey: name) == nil { names.append(name) }
    }

    /// Removes a setting, if it was given.
    public mutating func remove(_ name: String) {
        if entries.removeValue(forKey: name) != nil { names.removeAll { $0 == name } }
    }

    /// Adds settings of a stronger source: they replace those of the same name, but lists are appended to, because a
    /// flag that may be repeated adds to what a file lists.
    public mutating func override(with others: GivenSettings) {
        for name in others.names {
            guard let entry = others.entries[name] else { continue }
            switch (entries[name]?.value, entry.value) {
            case (.list(let list), .list(let more)): set(name, to: .list(list + more), origin: entry.origin)
            case (.text(let text), .list(let more)): set(name, to: .list([text] + more), origin: entry.origin)
            default: set(name, to: entry.value, origin: entry.origin)
            }
        }
    }

    /// Refuses names that no setting has.
    /// - Parameter names: names of all settings.
    /// - Throws: `ConfigurationError` for the first unknown name, with its file, and the nearest setting or, when none
    ///   is near, a list of all.
    public func refuseNames(besides names: [String]) throws(ConfigurationError) {
        let known = Set(names)
        guard let stranger = self.names.first(where: { !known.contains($0) }) else { return }
        let place = entries[stranger]?.origin.map { "'\($0)': " } ?? ""
        throw ConfigurationError(place + ConfigurationError.unknownSetting(stranger, choices: names))
    }
}

extension ConfigurationError {
    /// The message for a key that no setting has.
    static func unknownSetting(_ name: String, choices: [String]) -> String {
        if let question = NearestName.question(for: name, among: choices) {
            return "unknown key '\(name)'; \(question)"
        }
        return ConfigurationError(unknown: "key", name, choices: choices.sorted()).description
    }
}
