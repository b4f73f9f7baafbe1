/// Plug-ins of one kind, found by name: what a setting can name, or what acts in turn when the settings ask for it.
///
/// A catalog is a value. The one that comes with the project is `standard` of its kind (`Strategies.standard`); a
/// program adds plug-ins of its own to a copy and gives that to its sessions. Every rank needs the same entries in the
/// same order.
///
/// ```swift
/// var strategies = Strategies.standard
/// try strategies.add(OuterNesterov.self)
/// let strategy = try strategies.named("outer-nesterov", ["beta": "0.5"])
/// ```
///
/// Names are looked up when a job is built, never in a round: O(entries).
public struct Catalog<Entry: Sendable>: Sendable {
    /// What messages call an entry, e.g. `strategy`.
    public let kind: String
    /// All entries, in the order of `--help`; those that act in turn act in this order.
    public private(set) var all: [Entry]

    /// The name of an entry.
    private let name: @Sendable (Entry) -> String
    /// What follows the name, e.g. `:FOLDER`.
    private let usage: @Sendable (Entry) -> String
    /// One line about an entry.
    private let summary: @Sendable (Entry) -> String
    /// Asks a reader for every option of an entry.
    private let reading: @Sendable (Entry, inout OptionReader) throws(ConfigurationError) -> Void

    /// Makes a catalog of these entries.
    ///
    /// - Parameters:
    ///   - kind: what messages call an entry.
    ///   - all: the entries, in the order of `--help`.
    ///   - name: name of an entry, by which settings find it: small letters, digits and hyphens.
    ///   - usage: what follows the name, e.g. `:FOLDER`; empty for most.
    ///   - summary: one line about an entry.
    ///   - reading: asks a reader for every option of an entry, as when it is made.
    /// - Precondition: names are different, and `add` would take them.
    public init(
        _ kind: String, _ all: [Entry], name: @escaping @Sendable (Entry) -> String,
        usage: @escaping @Sendable (Entry) -> String = { _ in "" }, summary: @escaping @Sendable (Entry) -> String,
        reading: @escaping @Sendable (Entry, inout OptionReader) throws(ConfigurationError) -> Void = { _, _ in }
    ) {
        self.kind = kind
        self.name = name
        self.usage = usage
        self.summary = summary
        self.reading = reading
        self.all = []
        for entry in all {
            if let refusal = refusal(of: entry) { preconditionFailure("\(refusal)") }
            self.all.append(entry)
        }
    }

    /// Adds an entry behind the others, or before one of them.
    /// - Parameters:
    ///   - entry: the new entry.
    ///   - successor: name of the entry that it comes before; nil puts it last.
    /// - Throws: `ConfigurationError` when there is an entry of its name, when the name has other characters than small
    ///   letters, digits and hyphens, or when there is no successor of that name.
    public mutating func add(_ entry: Entry, before successor: String? = nil) throws(ConfigurationError) {
        if let refusal = refusal(of: entry) { throw refusal }
        guard let successor else { return all.append(entry) }
        guard let place = names.firstIndex(of: successor) else { throw unknown(successor) }
        all.insert(entry, at: place)
    }

    /// The reason why an entry cannot be added; nil when it can.
    private func refusal(of entry: Entry) -> ConfigurationError? {
        let name = name(entry)
        guard !name.isEmpty,
            name.utf8.allSatisfy({ (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D })
        else {
            return ConfigurationError(
                "\(kind) '\(name.printable)' cannot be added: a name has small letters, digits and hyphens")
        }
        guard !names.contains(name) else {
            return ConfigurationError("\(kind) '\(name)' cannot be added: there is one of this name")
        }
        return nil
    }

    /// Names of all entries.
    public var names: [String] { all.map(name) }

    /// Names with what follows them, for help and error messages: `fedavg`, `idx:FOLDER`.
    public var choices: [String] { all.map { name($0) + usage($0) } }

    /// Whether there is an entry of this name.
    public func contains(_ name: String) -> Bool { find(name) != nil }

    /// The entry of this name; nil when there is none.
    public func find(_ name: String) -> Entry? { all.first { self.name($0) == name } }

    /// The entry of this name.
    /// - Throws: `ConfigurationError` that lists all choices, and suggests the nearest name if one is near.
    public func entry(named name: String) throws(ConfigurationError) -> Entry {
        guard let entry = find(name) else { throw unknown(name) }
        return entry
    }

    /// The error of a name that is not in the catalog: lists all choices, and suggests the nearest name if one is near.
    public func unknown(_ name: String) -> ConfigurationError {
        ConfigurationError(unknown: kind, name, choices: choices)
    }

    /// Makes the plug-in that a name and options describe: finds the entry, lets `make` read its options, and refuses
    /// those that are left.
    /// - Parameters:
    ///   - name: name of the entry.
    ///   - options: what the user has given, as `key=value`.
    ///   - make: makes the plug-in; each option that it reads is accepted.
    /// - Throws: `ConfigurationError` that lists all choices when the name, or an option, is unknown.
    public func make<Plugin>(
        _ name: String, _ options: NamedOptions,
        by make: (Entry, inout OptionReader) throws(ConfigurationError) -> Plugin
    ) throws(ConfigurationError) -> Plugin {
        let entry = try entry(named: name)
        var reader = OptionReader(options, of: "\(kind) '\(name)'")
        let plugin = try make(entry, &reader)
        try reader.finish()
        return plugin
    }

    /// What there is and what each takes, as data for help texts and forms.
    public var descriptions: [PluginDescription] {
        all.map { entry in
            PluginDescription(kind: kind, name: name(entry), usage: usage(entry), summary: summary(entry)) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                try reading(entry, &reader)
            }
        }
    }
}
