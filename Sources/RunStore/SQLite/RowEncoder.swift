import Foundation

/// Takes a value apart into columns that are named by its coding keys. What SQLite has no type for (arrays,
/// dictionaries, structures) becomes JSON text with sorted keys, so that equal values are equal texts.
///
/// A class, since encoders hand out containers that all write into the same row.
final class RowEncoder: Encoder {
    /// Names of the columns, in the order in which they were encoded.
    private(set) var columns: [String] = []
    /// A value for each column.
    private(set) var values: [SQLValue] = []

    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    /// Encodes a value.
    ///
    /// - Throws: What its `encode(to:)` throws.
    init(_ row: some Encodable) throws { try row.encode(to: self) }

    /// Adds a column that the value does not have itself, such as the run that it belongs to.
    func add(_ column: String, _ value: SQLValue) {
        columns.append(column)
        values.append(value)
    }

    /// Adds a field: as it is where SQLite has a type for it, otherwise as JSON.
    fileprivate func add(_ key: some CodingKey, encoding value: some Encodable) throws {
        if let value = value as? any SQLConvertible { return add(key.stringValue, value.sql) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        add(key.stringValue, .text(String(decoding: try encoder.encode(value), as: UTF8.self)))
    }

    /// The row's columns; the only container that a row has.
    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(Columns(row: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { preconditionFailure("columns have names") }
    func singleValueContainer() -> any SingleValueEncodingContainer { preconditionFailure("columns have names") }
}

/// The columns as a keyed container. Fields that are nil are written as NULL instead of being left out, so that all
/// rows of a type have the same columns and one compiled statement serves them all.
private struct Columns<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let row: RowEncoder
    let codingPath: [any CodingKey] = []

    /// Writes NULL into the key's column.
    func encodeNil(forKey key: Key) { row.add(key.stringValue, .null) }
    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws { try row.add(key, encoding: value) }

    // The protocol's own leave out what is nil, and for these types a generic one does not replace them.
    func encodeIfPresent(_ value: Int?, forKey key: Key) { row.add(key.stringValue, value.sql) }
    func encodeIfPresent(_ value: Int64?, forKey key: Key) { row.add(key.stringValue, value.sql) }
    func encodeIfPresent(_ value: Double?, forKey key: Key) { row.add(key.stringValue, value.sql) }
    func encodeIfPresent(_ value: String?, forKey key: Key) { row.add(key.stringValue, value.sql) }
    func encodeIfPresent<Value: Encodable>(_ value: Value?, forKey key: Key) throws {
        guard let value else { return encodeNil(forKey: key) }
        try row.add(key, encoding: value)
    }

    func nestedContainer<Nested>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        preconditionFailure("a column holds one value")
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        preconditionFailure("a column holds one value")
    }
    func superEncoder() -> any Encoder { preconditionFailure("rows are structures") }
    func superEncoder(forKey key: Key) -> any Encoder { preconditionFailure("rows are structures") }
}
