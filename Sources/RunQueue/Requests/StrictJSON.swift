import FedCore
import Foundation

/// Reads objects of requests, in which a field that is not known is a mistake.
enum StrictJSON {
    /// Reads an object.
    ///
    /// - Parameters:
    ///   - type: what it is.
    ///   - keys: its fields.
    ///   - json: the object as text.
    /// - Throws: `ConfigurationError` when it is something else, or has other fields.
    static func read<Object: Decodable, Key: CodingKey & CaseIterable>(
        _ type: Object.Type, _ keys: Key.Type, _ json: Data
    ) throws(ConfigurationError) -> Object {
        do {
            let names = keys.allCases.map(\.stringValue)
            let given = try JSONDecoder().decode(Names.self, from: json).names
            if let name = given.first(where: { !names.contains($0) }) {
                throw ConfigurationError(unknown: "field", name.printable, choices: names)
            }
            return try JSONDecoder().decode(type, from: json)
        } catch let error as ConfigurationError {
            throw error
        } catch let error as DecodingError {
            throw ConfigurationError("the request cannot be read: \(reason(error))")
        } catch {
            throw ConfigurationError("the request is not JSON")
        }
    }

    /// What does not fit, on one line.
    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context):
            let path = context.codingPath.map { $0.stringValue }.joined(separator: ".")
            return path.isEmpty ? "it is no object" : "'\(path.printable)' is of another kind"
        case .dataCorrupted(let context):
            let path = context.codingPath.map { $0.stringValue }.joined(separator: ".")
            return path.isEmpty ? "it is not JSON" : "'\(path.printable)' has a value that is not known"
        @unknown default: return "it is not JSON"
        }
    }

    /// The names of an object's fields, in alphabetical order.
    private struct Names: Decodable {
        let names: [String]

        /// Any name.
        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            names = try decoder.container(keyedBy: Key.self).allKeys.map(\.stringValue).sorted()
        }
    }
}
