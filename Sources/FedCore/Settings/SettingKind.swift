/// The form of a setting's or an option's value, for help texts, completions and forms.
public enum SettingKind: Sendable, Equatable {
    /// A whole number.
    case integer
    /// A decimal number, or a time where the unit is seconds.
    case number
    /// A single text.
    case text
    /// A switch: on when it is given without a value.
    case flag
    /// One of these words.
    case choice([String])
    /// A plug-in's options: `name=value,name=value`, or a mapping in a file.
    case options
    /// Several texts: a flag that is repeated, or a list in a file.
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

    /// The kind in words, to end the sentence "it must be …".
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

/// The unit of a setting's number; the raw value is its symbol in help and documents.
public enum SettingUnit: String, Sendable, Codable {
    /// Seconds; the only unit for which a value may name another one of time.
    case seconds = "s"
    /// Milliseconds.
    case milliseconds = "ms"
    /// Megabytes.
    case megabytes = "MB"
    /// Millions of bits in a second, as links are sold.
    case megabitsPerSecond = "Mbit/s"
    /// Training samples in a second.
    case samplesPerSecond = "samples/s"

    /// Suffixes of times. The order matters: `ms` ends with `s`, too.
    private static let times: [(suffix: String, seconds: Double)] = [
        ("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600),
    ]

    /// Reads a number of this unit. A time in seconds may name another unit: `250us`, `500ms`, `30s`, `2m`, `1h`.
    /// - Returns: the number in this unit; nil when the text is no number.
    public func number(from text: String) -> Double? {
        guard self == .seconds, let time = Self.times.first(where: { text.hasSuffix($0.suffix) }) else {
            return Double(text)
        }
        return Double(text.dropLast(time.suffix.count)).map { $0 * time.seconds }
    }

    /// The form of a number of this unit in words; nil when ``SettingKind/words`` says it.
    var words: String? { self == .seconds ? "a time such as 30s, 500ms or 2m, or seconds" : nil }
}
