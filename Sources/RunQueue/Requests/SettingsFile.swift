import FedCore
import Foundation
import RunStore

/// Settings of a request as a file for `--config`, or a sweep's as the file that `fedmpi sweep` reads.
///
/// ```json
/// { "alpha" : "0.1", "inject" : ["nan:rank=1"], "strategy-options" : { "mu" : "0.5" } }
/// ```
enum SettingsFile {
    /// The file's contents: JSON, which is YAML as well. Every value is a text, as it is on a command line.
    ///
    /// - Throws: `ConfigurationError` when they cannot be written.
    static func contents(_ settings: [String: RequestedValue]) throws(ConfigurationError) -> Data {
        var object: [String: Value] = [:]
        for (name, value) in settings { object[name] = Value(value) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return try encoder.encode(object)
        } catch {
            throw ConfigurationError("the settings cannot be written: \(error.line)")
        }
    }

    /// A value in the file.
    private struct Value: Encodable {
        let value: RequestedValue

        init(_ value: RequestedValue) { self.value = value }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch value {
            case .text, .number, .flag: try container.encode(value.scalar)
            case .list(let values): try container.encode(values.map(Self.init))
            case .mapping(let values): try container.encode(values.mapValues(Self.init))
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
