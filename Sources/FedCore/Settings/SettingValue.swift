/// A type that a setting can have: numbers, texts, words of an enumeration, options by name, and optionals of these.
public protocol SettingValue: Codable, Sendable, Equatable {
    /// What a domain is of: the type itself, or what an optional holds.
    associatedtype Content: Sendable

    /// The form of its values.
    static var kind: SettingKind { get }

    /// Reads what somebody wrote.
    /// - Returns: nil when it is of another kind.
    /// - Throws: `ConfigurationError` that says more than that.
    static func read(_ value: GivenSettings.Value, _ unit: SettingUnit?) throws(ConfigurationError) -> Self?

    /// The value that a domain is asked about; nil when it is absent.
    var content: Content? { get }

    /// What `read` reads back; nil when it is absent.
    var text: String? { get }
}

extension SettingValue where Content == Self {
    public var content: Self? { self }
}

extension SettingValue where Self: LosslessStringConvertible {
    public static func read(_ value: GivenSettings.Value, _ unit: SettingUnit?) throws(ConfigurationError) -> Self? {
        if case .text(let text) = value { Self(text) } else { nil }
    }

    public var text: String? { description }
}

extension SettingValue where Self: BinaryFloatingPoint & LosslessStringConvertible {
    public static func read(_ value: GivenSettings.Value, _ unit: SettingUnit?) throws(ConfigurationError) -> Self? {
        guard case .text(let text) = value else { return nil }
        return if let unit { unit.number(from: text).map { Self($0) } } else { Self(text) }
    }

    public static var kind: SettingKind { .number }
}

extension SettingValue where Self: RawRepresentable & CaseIterable, RawValue == String {
    public static var kind: SettingKind { .choice(allCases.map(\.rawValue)) }

    public static func read(_ value: GivenSettings.Value, _ unit: SettingUnit?) throws(ConfigurationError) -> Self? {
        if case .text(let text) = value { Self(rawValue: text) } else { nil }
    }

    public var text: String? { rawValue }
}

extension Int: SettingValue {
    public typealias Content = Int
    public static var kind: SettingKind { .integer }
}

extension UInt64: SettingValue {
    public typealias Content = UInt64
    public static var kind: SettingKind { .integer }
}

extension Double: SettingValue {
    public typealias Content = Double
}

extension Float: SettingValue {
    public typealias Content = Float
}

extension String: SettingValue {
    public typealias Content = String
    public static var kind: SettingKind { .text }
}

extension Bool: SettingValue {
    public typealias Content = Bool
    public static var kind: SettingKind { .flag }

    public static func read(_ value: GivenSettings.Value, _ unit: SettingUnit?) throws(ConfigurationError) -> Bool? {
        switch value {
        case .on: true
        case .text(let text): Bool(word: text.lowercased())
        case .list, .mapping: nil
        }
    }

    /// Reads `true`, `yes`, `on` or `false`, `no`, `off`, the words of YAML; nil: it is another.
    init?(word: String) {
        switch word {
        case "true", "yes", "on": self = true
        case "false", "no", "off": self = false
        default: return nil
        }
    }
}

extension NamedOptions: SettingValue {
    public typealias Content = NamedOptions
    public static var kind: SettingKind { .options }

    public static func read(
        _ value: GivenSettings.Value, _ unit: SettingUnit?
    ) throws(ConfigurationError) -> NamedOptions? {
        switch value {
        case .text(let text): try NamedOptions(parsing: text)
        case .mapping(let values): NamedOptions(values)
        case .on, .list: nil
        }
    }

    public var text: String? { description }
}

extension [String]: SettingValue {
    public typealias Content = [String]
    public static var kind: SettingKind { .list }

    public static func read(
        _ value: GivenSettings.Value, _ unit: SettingUnit?
    ) throws(ConfigurationError) -> [String]? {
        switch value {
        case .text(let text): [text]
        case .list(let texts): texts
        case .on, .mapping: nil
        }
    }

    /// For people: a text with spaces is not read back as several.
    public var text: String? { joined(separator: " ") }
}

extension Optional: SettingValue where Wrapped: SettingValue {
    public typealias Content = Wrapped.Content
    public static var kind: SettingKind { Wrapped.kind }

    public static func read(
        _ value: GivenSettings.Value, _ unit: SettingUnit?
    ) throws(ConfigurationError) -> Wrapped?? {
        let read = try Wrapped.read(value, unit)
        return read.map { .some($0) }
    }

    public var content: Wrapped.Content? { flatMap(\.content) }
    public var text: String? { flatMap(\.text) }
}
