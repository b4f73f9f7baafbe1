/// A setting's value as a request gives it: what JSON can say. It has no type of the setting's yet.
public enum RequestedValue: Codable, Sendable, Equatable {
    /// A text, which may also stand for a number.
    case text(String)
    /// A number, as it is written: a seed has 64 bits, which a floating-point number would not keep.
    case number(String)
    /// A flag, on or off.
    case flag(Bool)
    /// Several values, as a setting takes them that may be repeated.
    case list([RequestedValue])
    /// A plug-in's options by name.
    case mapping([String: RequestedValue])

    /// Reads any JSON but `null`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let flag = try? container.decode(Bool.self) {
            self = .flag(flag)
        } else if let number = try? container.decode(Int64.self) {
            self = .number("\(number)")
        } else if let number = try? container.decode(UInt64.self) {
            self = .number("\(number)")
        } else if let number = try? container.decode(Double.self) {
            self = .number("\(number)")
        } else if let text = try? container.decode(String.self) {
            self = .text(text)
        } else if let list = try? container.decode([RequestedValue].self) {
            self = .list(list)
        } else {
            self = .mapping(try container.decode([String: RequestedValue].self))
        }
    }

    /// Writes the same JSON; a number that no JSON number holds is written as text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .text(let text): try container.encode(text)
        case .flag(let flag): try container.encode(flag)
        case .list(let list): try container.encode(list)
        case .mapping(let mapping): try container.encode(mapping)
        case .number(let text):
            if let number = Int64(text) {
                try container.encode(number)
            } else if let number = UInt64(text) {
                try container.encode(number)
            } else if let number = Double(text), number.isFinite {
                try container.encode(number)
            } else {
                try container.encode(text)
            }
        }
    }
}

extension RequestedValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral text: String) { self = .text(text) }
    public init(integerLiteral number: Int) { self = .number("\(number)") }
    public init(floatLiteral number: Double) { self = .number("\(number)") }
    public init(booleanLiteral flag: Bool) { self = .flag(flag) }
    public init(arrayLiteral values: RequestedValue...) { self = .list(values) }
    /// The last value counts of a name that comes twice.
    public init(dictionaryLiteral values: (String, RequestedValue)...) {
        self = .mapping(Dictionary(values) { _, last in last })
    }
}
