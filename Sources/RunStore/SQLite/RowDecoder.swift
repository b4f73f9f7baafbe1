import Foundation

/// Makes a value of the columns that its coding keys name: the inverse of ``RowEncoder``, so that a row is any
/// `Codable` structure. A column that SQLite has a type for is converted; any other value was stored as JSON and is
/// parsed. Misuse (arrays, nested containers at the top) is a bug of the program and traps.
struct RowDecoder: Decoder {
    /// Index of each column in a row, by name; shared by all rows of a query.
    let positions: [String: Int]
    /// The row, by column.
    let values: [SQLValue]

    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    /// The row's columns; the only container that a row has.
    func container<Key>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(Columns(row: self))
    }

    func unkeyedContainer() -> any UnkeyedDecodingContainer { preconditionFailure("columns have names") }
    func singleValueContainer() -> any SingleValueDecodingContainer { preconditionFailure("columns have names") }
}

/// The columns as a keyed container. A missing column is read as NULL, so files from before a column are read, too.
private struct Columns<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let row: RowDecoder
    let codingPath: [any CodingKey] = []

    var allKeys: [Key] { row.positions.keys.compactMap { Key(stringValue: $0) } }

    func contains(_ key: Key) -> Bool { row.positions[key.stringValue] != nil }
    func decodeNil(forKey key: Key) -> Bool { value(key) == .null }

    /// Converts a column's value, or parses it as JSON.
    ///
    /// - Throws: `DatabaseError` when the column holds another type; `DecodingError` for JSON of another shape.
    func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
        if let type = type as? any SQLConvertible.Type {
            if let decoded = type.init(value(key)) as? Value { return decoded }
        } else if case .text(let json) = value(key) {
            return try JSONDecoder().decode(type, from: Data(json.utf8))
        }
        throw DatabaseError(column: key.stringValue, expected: type)
    }

    /// A column's value; NULL when there is no such column.
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
