import FedCore
import Foundation
import RunStore

/// Settings of a request as a file for `--config`.
///
/// ```json
/// { "alpha" : "0.1", "inject" : ["nan:rank=1"], "strategy-options" : { "mu" : "0.5" } }
/// ```
enum SettingsFile {
    /// The file's contents: JSON, which is YAML as well. Every value is a text, as it is on a command line.
    ///
    /// - Throws: `ConfigurationError` for a list or a mapping in another.
    static func contents(_ settings: [String: RequestedValue]) throws(ConfigurationError) -> Data {
        var object: [String: Value] = [:]
        for (name, value) in settings {
            guard let value = Value(value) else { throw ConfigurationError("\(name.printable) is not a single value") }
            object[name] = value
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return try encoder.encode(object)
        } catch {
            throw ConfigurationError("the settings cannot be written: \(error.line)")
        }
    }

    /// A value in the file.
    private enum Value: Encodable {
        case text(String)
        case list([String])
        case mapping([String: String])

        /// Turns what a request says into it; nil where one is in another.
        init?(_ value: RequestedValue) {
            switch value {
            case .text, .number, .flag:
                guard let text = value.scalar else { return nil }
                self = .text(text)
            case .list(let values):
                let texts = values.compactMap(\.scalar)
                guard texts.count == values.count else { return nil }
                self = .list(texts)
            case .mapping(let values):
                let texts = values.compactMapValues(\.scalar)
                guard texts.count == values.count else { return nil }
                self = .mapping(texts)
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .text(let text): try container.encode(text)
            case .list(let texts): try container.encode(texts)
            case .mapping(let texts): try container.encode(texts)
            }
        }
    }
}

extension RequestedValue {
    /// A single value as it is typed; nil for lists and mappings.
    var scalar: String? {
        switch self {
        case .text(let text), .number(let text): text
        case .flag(let flag): flag ? "true" : "false"
        case .list, .mapping: nil
        }
    }
}
