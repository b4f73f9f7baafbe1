/// Hands a plug-in its settings one by one. The catalog that made the reader then calls `finish`, so that an option
/// nobody asked for is an error that lists those which were, and a plug-in states each of its settings once.
///
/// ```swift
/// var reader = OptionReader(options, of: "strategy 'fedprox'")
/// let mu = try reader.number("mu", default: Float(0.01), "at least 0") { $0 >= 0 }
/// try reader.finish()
/// ```
public struct OptionReader {
    /// The plug-in that the options belong to, for error messages: e.g. `partition 'shard'`.
    public let owner: String
    private let options: NamedOptions
    /// Whether only the descriptions are wanted: a required option that is missing is then no error.
    private let isDescribing: Bool
    /// The options that were read, in this order; see ``PluginDescription``.
    public private(set) var descriptions: [OptionDescription] = []

    /// Makes a reader.
    /// - Parameters:
    ///   - options: the options as written.
    ///   - owner: the plug-in that they belong to, for error messages.
    public init(_ options: NamedOptions, of owner: String) {
        self.init(options, of: owner, isDescribing: false)
    }

    /// Makes a reader that may be for descriptions only.
    init(_ options: NamedOptions, of owner: String, isDescribing: Bool) {
        self.options = options
        self.owner = owner
        self.isDescribing = isDescribing
    }

    /// The text of an option, nil when it is not given; keeps a description of it.
    private mutating func take(
        _ name: String, _ kind: SettingKind, _ accepts: String = "", standard: String? = nil, isRequired: Bool = false
    ) -> String? {
        descriptions.append(
            OptionDescription(name: name, kind: kind, accepts: accepts, standard: standard, isRequired: isRequired))
        return options.values[name]
    }

    /// Says what the option that was read last is for, where its name and its values do not: for help.
    public mutating func explain(_ meaning: String) {
        guard !descriptions.isEmpty else { return }
        descriptions[descriptions.count - 1].meaning = meaning
    }

    /// Reads a text; nil when it is not given.
    /// - Parameters:
    ///   - name: the option's name.
    ///   - accepts: the end of the sentence "it must be …", for help; the caller checks the value.
    public mutating func text(_ name: String, _ accepts: String = "") -> String? {
        take(name, .text, accepts)
    }

    /// Reads a text; the default when it is not given.
    public mutating func text(_ name: String, default standard: String, _ accepts: String = "") -> String {
        take(name, .text, accepts, standard: standard) ?? standard
    }

    /// Reads a text that has to be given.
    /// - Parameters:
    ///   - name: the option's name.
    ///   - placeholder: stand-in for the value in messages, in capitals: `FILE`.
    /// - Throws: `ConfigurationError` when it is missing or empty.
    public mutating func required(_ name: String, _ placeholder: String) throws(ConfigurationError) -> String {
        let text = take(name, .text, "a \(placeholder.lowercased())", isRequired: true)
        if isDescribing { return placeholder }
        guard let text, !text.isEmpty else {
            throw ConfigurationError("\(owner) needs the option \(name)=\(placeholder)")
        }
        return text
    }

    /// Reads a whole number; nil when it is not given.
    /// - Parameters:
    ///   - name: the option's name.
    ///   - accepts: the condition in words, to end the sentence "it must be …".
    ///   - isAccepted: the condition.
    /// - Throws: `ConfigurationError` when it is no whole number, or not accepted.
    public mutating func integer(
        _ name: String, _ accepts: String, where isAccepted: (Int) -> Bool
    ) throws(ConfigurationError) -> Int? {
        try integer(name, standard: nil, accepts, where: isAccepted)
    }

    private mutating func integer(
        _ name: String, standard: Int?, _ accepts: String, where isAccepted: (Int) -> Bool
    ) throws(ConfigurationError) -> Int? {
        guard let text = take(name, .integer, accepts, standard: standard.map { "\($0)" }) else { return standard }
        guard let value = Int(text), isAccepted(value) else { throw refusal(of: name, "a whole number, \(accepts)") }
        return value
    }

    /// Reads a whole number; the default, which is not checked, when it is not given.
    /// - Throws: `ConfigurationError` when it is no whole number, or not accepted.
    public mutating func integer(
        _ name: String, default standard: Int, _ accepts: String, where isAccepted: (Int) -> Bool
    ) throws(ConfigurationError) -> Int {
        try integer(name, standard: standard, accepts, where: isAccepted) ?? standard
    }

    /// Reads a finite number; nil when it is not given. One that is not 0 is from 10⁻³⁰ to 10³⁰ in size, so that it and
    /// its inverse are Floats.
    /// - Parameters:
    ///   - name: the option's name.
    ///   - accepts: the condition in words, to end the sentence "it must be …".
    ///   - isAccepted: the condition.
    /// - Throws: `ConfigurationError` when it is not a finite number, of another size, or not accepted.
    public mutating func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ name: String, _ accepts: String, where isAccepted: (Number) -> Bool
    ) throws(ConfigurationError) -> Number? {
        try number(name, standard: nil, accepts, where: isAccepted)
    }

    private mutating func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ name: String, standard: Number?, _ accepts: String, where isAccepted: (Number) -> Bool
    ) throws(ConfigurationError) -> Number? {
        guard let text = take(name, .number, accepts, standard: standard.map { "\($0)" }) else { return standard }
        guard let value = Number(text), value.isFinite, isAccepted(value) else {
            throw refusal(of: name, "a number, \(accepts)")
        }
        guard value == 0 || (1e-30...1e30).contains(value.magnitude) else {
            throw refusal(of: name, "a number, \(accepts), and from 1e-30 to 1e30 in size if it is not 0")
        }
        return value
    }

    /// Reads a finite number, of the same sizes as without a default; the default, which is not checked, when it is not
    /// given.
    /// - Throws: `ConfigurationError` when it is not a finite number, of another size, or not accepted.
    public mutating func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ name: String, default standard: Number, _ accepts: String, where isAccepted: (Number) -> Bool
    ) throws(ConfigurationError) -> Number {
        try number(name, standard: standard, accepts, where: isAccepted) ?? standard
    }

    /// Reads one of a few words; the default when it is not given.
    /// - Throws: `ConfigurationError` that lists the words when it is another.
    public mutating func choice(
        _ name: String, default standard: String, of choices: [String]
    ) throws(ConfigurationError) -> String {
        guard let text = take(name, .choice(choices), standard: standard) else { return standard }
        guard choices.contains(text) else { throw refusal(of: name, "one of: \(choices.joined(separator: ", "))") }
        return text
    }

    /// Reads a switch, `true`, `yes`, `on` or `false`, `no`, `off`, as in YAML; nil when it is not given.
    /// - Throws: `ConfigurationError` when it is another word.
    public mutating func flag(_ name: String) throws(ConfigurationError) -> Bool? {
        guard let text = take(name, .flag) else { return nil }
        guard let isOn = Bool(word: text) else { throw refusal(of: name, "true or false") }
        return isOn
    }

    /// The error for an option's value that is not accepted.
    /// - Parameters:
    ///   - name: the option's name.
    ///   - accepts: the condition in words, to end the sentence "it must be …".
    public func refusal(of name: String, _ accepts: String) -> ConfigurationError {
        ConfigurationError("\(owner): \(name) is '\(options.values[name] ?? "")'; it must be \(accepts)")
    }

    /// Ends the reading.
    /// - Throws: `ConfigurationError` when an option was given that the plug-in did not read; it lists those that it
    ///   did.
    public func finish() throws(ConfigurationError) {
        let known = descriptions.map(\.name)
        guard let stranger = options.values.keys.filter({ !known.contains($0) }).min() else { return }
        guard !known.isEmpty else {
            throw ConfigurationError("\(owner) takes no options, and was given '\(stranger)'")
        }
        throw ConfigurationError(
            "\(owner) has no option '\(stranger)'; \(NearestName.advice(for: stranger, among: known))")
    }
}
