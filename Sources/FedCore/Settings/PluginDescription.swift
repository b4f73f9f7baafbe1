/// What is known of one option of a plug-in.
public struct OptionDescription: Sendable, Equatable {
    public let name: String
    public let kind: SettingKind
    /// What a value must be beside its kind: `at least 0`; empty: anything.
    public let accepts: String
    /// The default as text; nil: there is none, or the plug-in finds one.
    public let standard: String?
    /// Whether there is no doing without it.
    public let isRequired: Bool
    /// The choice of another option that it belongs to: `law=power`; nil: it can always be given.
    public internal(set) var condition: String?

    /// What a value must be: `a number, at least 0`.
    public var words: String {
        if accepts.isEmpty { return kind == .text ? "a text" : kind.words }
        return kind == .text ? accepts : "\(kind.words), \(accepts)"
    }
}

extension OptionDescription: Encodable {
    private enum Key: String, CodingKey {
        case name, type, choices, accepts, required, condition
        case standard = "default"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encode(kind.name, forKey: .type)
        if !kind.choices.isEmpty { try container.encode(kind.choices, forKey: .choices) }
        if !accepts.isEmpty { try container.encode(accepts, forKey: .accepts) }
        try container.encodeIfPresent(standard, forKey: .standard)
        if isRequired { try container.encode(true, forKey: .required) }
        try container.encodeIfPresent(condition, forKey: .condition)
    }
}

/// A plug-in as data: what it is called and what it takes.
public struct PluginDescription: Sendable, Equatable, Encodable {
    /// What it is one of: `strategy`.
    public let kind: String
    public let name: String
    /// What follows the name: `:FOLDER`; empty: nothing.
    public let usage: String
    /// One line.
    public let summary: String
    public let options: [OptionDescription]

    /// - Parameter read: asks a reader for everything that the plug-in takes, as when it is made. It is called for each word
    ///   of each choice, because some options are asked for with some words only.
    public init(
        kind: String, name: String, usage: String = "", summary: String,
        reading read: (inout OptionReader) throws(ConfigurationError) -> Void = { _ in }
    ) {
        self.kind = kind
        self.name = name
        self.usage = usage
        self.summary = summary

        func options(_ given: NamedOptions) -> [OptionDescription] {
            var reader = OptionReader(given, of: "\(kind) '\(name)'", isDescribing: true)
            // Some words cannot stand alone: what was asked for until then is what is known.
            try? read(&reader)
            return reader.descriptions
        }
        var found = options([:])
        for choice in found where !choice.kind.choices.isEmpty {
            for word in choice.kind.choices where word != choice.standard {
                let others = options([choice.name: word])
                for option in others where !found.contains(where: { $0.name == option.name }) {
                    var option = option
                    option.condition = "\(choice.name)=\(word)"
                    found.append(option)
                }
                for i in found.indices
                where found[i].condition == nil && !others.contains(where: { $0.name == found[i].name }) {
                    found[i].condition = choice.standard.map { "\(choice.name)=\($0)" }
                }
            }
        }
        self.options = found
    }
}
