/// A type that a setting can have: numbers, texts, words of an enumeration, options by name, and optionals of these.
///
/// An enumeration of strings conforms without a line of code if it is `CaseIterable`: its raw values are the words of a
/// choice.
public protocol SettingValue: Codable, Sendable, Equatable {
    /// The type that a ``SettingDomain`` checks: the type itself, or the wrapped type of an optional.
    associatedtype Content: Sendable

    /// The form of its values.
    static var kind: SettingKind { get }

    /// Reads a value as it was written.
    /// - Parameters:
    ///   - value: the value as written.
    ///   - unit: unit of the setting, which a number may be written in.
    /// - Returns: nil when the value is of another kind; the caller then says what is expected.
    /// - Throws: `ConfigurationError` where a type can say more than that.
    static func read(_ value: GivenSettings.Value, _ unit: SettingUnit?) throws(ConfigurationError) -> Self?

    /// The value that a domain checks; nil when it is absent.
    var content: Content? { get }

    /// The value as text that `read` reads back; nil when it is absent.
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

    /// Reads `true`, `yes`, `on` or `false`, `no`, `off`, the words of YAML; nil for any other word.
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

    /// The texts with spaces between them, to be shown: it does not say where a text with spaces ends.
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
