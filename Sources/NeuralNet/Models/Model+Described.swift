public import FedCore
import Foundation

/// What another rank needs to make the same model: it crosses as JSON.
private struct Described: Codable {
    var text: String
    var input: [Int]
    var outputs: Int
}

extension Model {
    /// The model in bytes, for a rank that has the same catalog.
    public func described() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Array(try encoder.encode(Described(text: text, input: input.extents, outputs: classes)))
    }
}

extension Catalog<Architecture> {
    /// The model that another rank has described.
    /// - Throws: `ConfigurationError` when there is no such model; `DecodingError` when the bytes are something else.
    public func model(described bytes: [UInt8]) throws -> Model {
        let described = try JSONDecoder().decode(Described.self, from: Data(bytes))
        return try named(described.text, for: DataForm(Shape(described.input), outputs: described.outputs))
    }
}
