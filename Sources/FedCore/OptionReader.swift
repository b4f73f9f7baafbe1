/// Hands a plug-in its settings one by one. The catalog that made the reader then calls `finish`, so that an option nobody
/// asked for is an error that lists those which were, and a plug-in states each of its settings once.
///
/// ```swift
/// var reader = OptionReader(options, of: "strategy 'fedprox'")
/// let mu = try reader.number("mu", default: Float(0.01), "at least 0") { $0 >= 0 }
/// try reader.finish()
/// ```
public struct OptionReader {
    /// Whose options these are, for error messages: e.g. `partition 'shard'`.
    public let owner: String
    private let options: NamedOptions
    /// Whether nothing is to be made of what is read but the descriptions.
    private let isDescribing: Bool
    /// What was asked for, in this order.
    public private(set) var descriptions: [OptionDescription] = []

    /// A reader of `owner`'s options.
    public init(_ options: NamedOptions, of owner: String) {
        self.init(options, of: owner, isDescribing: false)
    }

    init(_ options: NamedOptions, of owner: String, isDescribing: Bool) {
        self.options = options
        self.owner = owner
        self.isDescribing = isDescribing
    }

    private mutating func take(
        _ name: String, _ kind: SettingKind, _ accepts: String = "", standard: String? = nil, isRequired: Bool = false
    ) -> String? {
        descriptions.append(
            OptionDescription(name: name, kind: kind, accepts: accepts, standard: standard, isRequired: isRequired))
        return options.values[name]
    }

    /// A text, nil when it is not given.
    /// - Parameter accepts: what it must be, to end the sentence "it must be …", for those who ask for help; the caller
    ///   checks it.
    public mutating func text(_ name: String, _ accepts: String = "") -> String? {
        take(name, .text, accepts)
    }

    /// A text, one of its own when it is not given.
    public mutating func text(_ name: String, default standard: String, _ accepts: String = "") -> String {
        take(name, .text, accepts, standard: standard) ?? standard
    }

    /// A text that has to be given.
    /// - Parameter placeholder: what it is, in capitals: `FILE`.
    /// - Throws: `ConfigurationError` when it is missing or empty.
    public mutating func required(_ name: String, _ placeholder: String) throws(ConfigurationError) -> String {
        let text = take(name, .text, "a \(placeholder.lowercased())", isRequired: true)
        if isDescribing { return placeholder }
        guard let text, !text.isEmpty else {
            throw ConfigurationError("\(owner) needs the option \(name)=\(placeholder)")
        }
        return text
    }

    /// A whole number, nil when it is not given.
    /// - Parameters:
    ///   - accepts: what is accepted, to end the sentence "it must be …".
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

    /// A whole number; see the form without a default.
    public mutating func integer(
        _ name: String, default standard: Int, _ accepts: String, where isAccepted: (Int) -> Bool
    ) throws(ConfigurationError) -> Int {
        try integer(name, standard: standard, accepts, where: isAccepted) ?? standard
    }

    /// A finite number, nil when it is not given; one that is not 0 is from 10⁻³⁰ to 10³⁰ in size, so that it and its inverse
    /// are Floats.
    /// - Parameters:
    ///   - accepts: what is accepted, to end the sentence "it must be …".
    /// - Throws: `ConfigurationError` when it is no finite number, or not accepted.
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

    /// A finite number; see the form without a default.
    public mutating func number<Number: BinaryFloatingPoint & LosslessStringConvertible>(
        _ name: String, default standard: Number, _ accepts: String, where isAccepted: (Number) -> Bool
    ) throws(ConfigurationError) -> Number {
        try number(name, standard: standard, accepts, where: isAccepted) ?? standard
    }

    /// One of a few words.
    /// - Throws: `ConfigurationError` that lists them when it is another.
    public mutating func choice(
        _ name: String, default standard: String, of choices: [String]
    ) throws(ConfigurationError) -> String {
        guard let text = take(name, .choice(choices), standard: standard) else { return standard }
        guard choices.contains(text) else { throw refusal(of: name, "one of: \(choices.joined(separator: ", "))") }
        return text
    }

    /// On or off, nil when it is not given: `true`, `yes`, `on` or `false`, `no`, `off`, as in YAML.
    /// - Throws: `ConfigurationError` when it is another word.
    public mutating func flag(_ name: String) throws(ConfigurationError) -> Bool? {
        guard let text = take(name, .flag) else { return nil }
        guard let isOn = Bool(word: text) else { throw refusal(of: name, "true or false") }
        return isOn
    }

    /// The error that an option's value deserves.
    /// - Parameters:
    ///   - accepts: what is accepted, to end the sentence "it must be …".
    public func refusal(of name: String, _ accepts: String) -> ConfigurationError {
        ConfigurationError("\(owner): \(name) is '\(options.values[name] ?? "")'; it must be \(accepts)")
    }

    /// - Throws: `ConfigurationError` when options were given that nobody asked for.
    public func finish() throws(ConfigurationError) {
        let known = descriptions.map(\.name)
        guard let stranger = options.values.keys.filter({ !known.contains($0) }).min() else { return }
        guard !known.isEmpty else {
            throw ConfigurationError("\(owner) takes no options, and was given '\(stranger)'")
        }
        throw ConfigurationError(
            "\(owner) has no option '\(stranger)'; choose one of: \(known.joined(separator: ", "))"
                + NearestName.hint(for: stranger, among: known))
    }
}
