/// One option of a plug-in, as data: for help, documents and completions.
///
/// An ``OptionReader`` makes it of the very call by which the plug-in reads the option, so the two cannot disagree.
public struct OptionDescription: Sendable, Equatable {
    /// Name before the `=`.
    public let name: String
    /// Form of the value.
    public let kind: SettingKind
    /// Condition on a value beside its kind: `at least 0`; empty when every value of the kind is accepted.
    public let accepts: String
    /// What it is for, where its name and its values do not say; empty otherwise.
    public internal(set) var meaning = ""
    /// The default as text; nil when there is none, or the plug-in computes it.
    public let standard: String?
    /// Whether the plug-in cannot be made without it.
    public let isRequired: Bool
    /// The choice of another option that it belongs to: `law=power`; nil when it can always be given.
    public internal(set) var condition: String?

    /// The meaning, if there is one, the kind and the condition in words: `a number, at least 0`.
    public var words: String {
        let plain =
            kind == .text
            ? (accepts.isEmpty ? "a text" : accepts) : kind.words + (accepts.isEmpty ? "" : ", \(accepts)")
        return meaning.isEmpty ? plain : "\(meaning): \(plain)"
    }
}

extension OptionDescription: Encodable {
    private enum Key: String, CodingKey {
        case name, type, choices, accepts, meaning, required, condition
        case standard = "default"
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(name, forKey: .name)
        try container.encode(kind.name, forKey: .type)
        if !kind.choices.isEmpty { try container.encode(kind.choices, forKey: .choices) }
        if !accepts.isEmpty { try container.encode(accepts, forKey: .accepts) }
        if !meaning.isEmpty { try container.encode(meaning, forKey: .meaning) }
        try container.encodeIfPresent(standard, forKey: .standard)
        if isRequired { try container.encode(true, forKey: .required) }
        try container.encodeIfPresent(condition, forKey: .condition)
    }
}

/// A plug-in as data: its name and its options. Catalogs list them for `fedmpi help`, the documents and completions.
public struct PluginDescription: Sendable, Equatable, Encodable {
    /// The catalog that it belongs to: `strategy`.
    public let kind: String
    /// Its name on the command line.
    public let name: String
    /// The argument behind the name: `:FOLDER`; empty when it has none.
    public let usage: String
    /// One line for `--help`.
    public let summary: String
    /// Its options, in the order in which it reads them, those of other choices last.
    public let options: [OptionDescription]

    /// Describes a plug-in by having it read its options.
    /// - Parameters:
    ///   - kind: the catalog that it belongs to.
    ///   - name: its name on the command line.
    ///   - usage: the argument behind the name.
    ///   - summary: one line.
    ///   - read: asks a reader for everything that the plug-in takes, as when it is made. It is called once without
    ///     options and once for each further word of each choice, because some options are read with some words only;
    ///     the options that appear or disappear then get a ``OptionDescription/condition``. Errors end that reading
    ///     and are dropped.
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
