/// The options of one plug-in by name: `classes=2,minimum=5` on the command line, a mapping in a file.
///
/// They are texts until the plug-in reads them with an ``OptionReader``, which knows their types and limits.
public struct NamedOptions: Sendable, Equatable {
    /// The values as they were written, by name.
    public let values: [String: String]

    /// Makes options with these values.
    public init(_ values: [String: String] = [:]) {
        self.values = values
    }

    /// Reads `name=value,name=value`; `\,` is a comma and `\\` a backslash of a value, and blanks before a name do not count.
    /// Empty text is no options.
    /// - Throws: `ConfigurationError` when a part has no name or no `=`, or a name comes twice.
    public init(parsing text: String) throws(ConfigurationError) {
        var values: [String: String] = [:]
        for part in Self.parts(of: text) {
            guard let equals = part.firstIndex(of: "="), equals > part.startIndex else {
                throw ConfigurationError("'\(part)' is no option; write name=value,name=value")
            }
            let name = String(part[..<equals].drop { $0 == " " })
            guard values.updateValue(String(part[part.index(after: equals)...]), forKey: name) == nil else {
                throw ConfigurationError(
                    "option '\(name)' is given twice; several values stand behind one another, \(name)=A B")
            }
        }
        self.values = values
    }

    /// The text between commas that are not escaped, without the escapes.
    private static func parts(of text: String) -> [String] {
        guard !text.isEmpty else { return [] }
        var parts = [""]
        var isEscaped = false
        for character in text {
            if isEscaped {
                parts[parts.count - 1].append(character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else if character == "," {
                parts.append("")
            } else {
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }
}

extension NamedOptions: CustomStringConvertible {
    /// The options as `init(parsing:)` reads them back, in the order of their names: e.g. `classes=2,minimum=5`.
    public var description: String {
        values.sorted { $0.key < $1.key }.map { name, value in
            "\(name)=\(value)".replacing("\\", with: "\\\\").replacing(",", with: "\\,")
        }.joined(separator: ",")
    }
}

extension NamedOptions: ExpressibleByDictionaryLiteral {
    /// Makes options with these values; the last counts of a name that comes twice.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(Dictionary(elements, uniquingKeysWith: { $1 }))
    }
}

extension NamedOptions: Codable {
    /// Decodes a single text, as `init(parsing:)` reads it.
    public init(from decoder: any Decoder) throws {
        try self.init(parsing: decoder.singleValueContainer().decode(String.self))
    }

    /// Encodes the description: settings are single values wherever they are kept and compared.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
