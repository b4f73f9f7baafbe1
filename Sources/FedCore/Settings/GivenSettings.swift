/// Settings as somebody wrote them, before they have types: on the command line, in a file, in a request.
public struct GivenSettings: Sendable, Equatable {
    /// One setting's value as it was written.
    public enum Value: Sendable, Equatable {
        /// A flag without a value.
        case on
        case text(String)
        case list([String])
        case mapping([String: String])
    }

    /// A value and where it stands.
    struct Entry: Sendable, Equatable {
        var value: Value
        /// Path of the file; nil on the command line.
        var origin: String?
    }

    private var entries: [String: Entry] = [:]
    /// Names in the order in which they were given, each once.
    public private(set) var names: [String] = []

    /// No settings.
    public init() {}

    /// Whether a setting of this name was given.
    public func contains(_ name: String) -> Bool { entries[name] != nil }

    func entry(_ name: String) -> Entry? { entries[name] }

    /// Adds a value, in the place of one that was there.
    /// - Parameter origin: path of the file that says so; nil: the command line does.
    public mutating func set(_ name: String, to value: Value, origin: String? = nil) {
        if entries.updateValue(Entry(value: value, origin: origin), forKey: name) == nil { names.append(name) }
    }

    /// Takes out a setting, if it is there.
    public mutating func remove(_ name: String) {
        if entries.removeValue(forKey: name) != nil { names.removeAll { $0 == name } }
    }

    /// Adds all of `others`, which override these; lists are appended to.
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

    /// Refuses names of no setting.
    /// - Parameter names: that there are.
    /// - Throws: `ConfigurationError` that names the nearest setting, or lists them all when none is near.
    public func refuseNames(besides names: [String]) throws(ConfigurationError) {
        let known = Set(names)
        guard let stranger = self.names.first(where: { !known.contains($0) }) else { return }
        let place = entries[stranger]?.origin.map { "'\($0)': " } ?? ""
        throw ConfigurationError(place + ConfigurationError.unknownSetting(stranger, choices: names))
    }
}

extension ConfigurationError {
    /// What is said of a key that is no setting.
    static func unknownSetting(_ name: String, choices: [String]) -> String {
        if let nearest = NearestName.to(name, among: choices) {
            return "unknown key '\(name)'; did you mean '\(nearest)'?"
        }
        return ConfigurationError(unknown: "key", name, choices: choices.sorted()).description
    }
}
