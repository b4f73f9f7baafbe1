/// The form of a setting's value, for help texts, shells that complete it, and forms.
public enum SettingKind: Sendable, Equatable {
    case integer
    case number
    case text
    /// On when it is given without a value.
    case flag
    /// One of these words.
    case choice([String])
    /// `name=value,name=value`, or a mapping.
    case options
    /// Texts; given several times, or a list.
    case list

    /// Its name in a description: `integer`, `choice`.
    public var name: String {
        switch self {
        case .integer: "integer"
        case .number: "number"
        case .text: "text"
        case .flag: "flag"
        case .choice: "choice"
        case .options: "options"
        case .list: "list"
        }
    }

    /// Words of a choice; empty for every other kind.
    public var choices: [String] {
        if case .choice(let words) = self { words } else { [] }
    }

    /// What a value must be, to end the sentence "it must be …".
    public var words: String {
        switch self {
        case .integer: "a whole number"
        case .number: "a number"
        case .text: "a single text"
        case .flag: "true or false"
        case .choice(let words): "one of: \(words.joined(separator: ", "))"
        case .options: "name=value,name=value"
        case .list: "a list of texts"
        }
    }
}

/// The unit of a setting's number.
public enum SettingUnit: String, Sendable, Codable {
    case seconds = "s"
    case milliseconds = "ms"
    case megabytes = "MB"
    case megabitsPerSecond = "Mbit/s"
    case samplesPerSecond = "samples/s"

    private static let times: [(suffix: String, seconds: Double)] = [
        ("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600),
    ]

    /// Reads a number of this unit. A time in seconds may name another unit: `30s`, `500ms`, `2m`, `1h`.
    /// - Returns: nil when the text is no number.
    public func number(from text: String) -> Double? {
        guard self == .seconds, let time = Self.times.first(where: { text.hasSuffix($0.suffix) }) else {
            return Double(text)
        }
        return Double(text.dropLast(time.suffix.count)).map { $0 * time.seconds }
    }

    /// What a value must be, to end the sentence "it must be …"; nil: a number.
    var words: String? { self == .seconds ? "a time such as 30s, 500ms or 2m, or seconds" : nil }
}
