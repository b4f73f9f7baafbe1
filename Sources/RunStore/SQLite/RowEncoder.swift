import Foundation

/// Takes a value apart into columns, named by its coding keys. What SQLite has no type for becomes JSON.
final class RowEncoder: Encoder {
    private(set) var columns: [String] = []
    private(set) var values: [SQLValue] = []

    let codingPath: [any CodingKey] = []
    let userInfo: [CodingUserInfoKey: Any] = [:]

    init(_ row: some Encodable) throws { try row.encode(to: self) }

    /// One more column.
    func add(_ column: String, _ value: SQLValue) {
        columns.append(column)
        values.append(value)
    }

    fileprivate func add(_ key: some CodingKey, encoding value: some Encodable) throws {
        if let value = value as? any SQLConvertible { return add(key.stringValue, value.sql) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        add(key.stringValue, .text(String(decoding: try encoder.encode(value), as: UTF8.self)))
    }

    func container<Key>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(Columns(row: self))
    }

    func unkeyedContainer() -> any UnkeyedEncodingContainer { preconditionFailure("columns have names") }
    func singleValueContainer() -> any SingleValueEncodingContainer { preconditionFailure("columns have names") }
}

private struct Columns<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let row: RowEncoder
    let codingPath: [any CodingKey] = []

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
