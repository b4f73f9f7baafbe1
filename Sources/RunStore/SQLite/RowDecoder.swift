import Foundation

/// Puts a value together from the columns that its coding keys name: the way back from `RowEncoder`.
struct RowDecoder: Decoder {
    /// Places of the columns in a row, by name.
    let positions: [String: Int]
    let values: [SQLValue]

    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    func container<Key>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Columns(row: self))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer { preconditionFailure("columns have names") }
    func singleValueContainer() -> any SingleValueDecodingContainer { preconditionFailure("columns have names") }
}

private struct Columns<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let row: RowDecoder
    let codingPath: [any CodingKey] = []

    var allKeys: [Key] { row.positions.keys.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { row.positions[key.stringValue] != nil }
    func decodeNil(forKey key: Key) -> Bool { value(key) == .null }

    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        if let type = type as? any SQLConvertible.Type {
            if let decoded = type.init(value(key)) as? Value { return decoded }
        } else if case .text(let json) = value(key) {
            return try JSONDecoder().decode(type, from: Data(json.utf8))
        }
        throw DatabaseError(column: key.stringValue, expected: type)
    }

    private func value(_ key: Key) -> SQLValue { row.positions[key.stringValue].map { row.values[$0] } ?? .null }

    func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedDecodingContainer<Nested> {
        preconditionFailure("a column holds one value")
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer {
        preconditionFailure("a column holds one value")
    }
    func superDecoder() -> any Decoder { preconditionFailure("rows are structures") }
    func superDecoder(forKey key: Key) -> any Decoder { preconditionFailure("rows are structures") }
}
