private import CSQLite
import Foundation

/// A prepared statement: compiled once, run any number of times. It must not outlive its connection.
final class Statement {
    private let connection: OpaquePointer
    private let handle: OpaquePointer

    init(_ sql: SQL, on connection: OpaquePointer) throws(DatabaseError) {
        var handle: OpaquePointer?
        let (code, isWhole) = sql.text.withCString { text in
            var rest: UnsafePointer<CChar>?
            let code = sqlite3_prepare_v3(connection, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, &rest)
            return (code, rest?.pointee == 0)
        }
        guard code == SQLITE_OK else { throw DatabaseError(code, connection) }
        guard let handle, isWhole else { preconditionFailure("not one statement: \(sql.text)") }
        self.connection = connection
        self.handle = handle
    }

    deinit { sqlite3_finalize(handle) }

    /// Runs it with these arguments, once for each of its parameters.
    /// - Returns: its rows. `O(rows)` memory
    func run(_ arguments: Arguments) throws(DatabaseError) -> Table {
        defer {
            // The code is that of the step, which was thrown.
            sqlite3_reset(handle)
            sqlite3_clear_bindings(handle)
        }
        try bind(arguments)
        var rows: [[SQLValue]] = []
        while try step() { rows.append((0..<sqlite3_column_count(handle)).map(value)) }
        // Only now: the first step compiles it anew when another process has changed the tables.
        let columns = (0..<sqlite3_column_count(handle)).map { String(cString: sqlite3_column_name(handle, $0)) }
        return Table(columns: columns, rows: rows)
    }

    private func bind(_ arguments: Arguments) throws(DatabaseError) {
        precondition(
            arguments.values.count == sqlite3_bind_parameter_count(handle), "an argument for each parameter")
        for (position, argument) in arguments.values.enumerated() {
            let index = argument.name.map { sqlite3_bind_parameter_index(handle, $0) } ?? Int32(position + 1)
            let code =
                switch argument.value {
                case .null: sqlite3_bind_null(handle, index)
                case .integer(let number): sqlite3_bind_int64(handle, index, number)
                case .real(let number): sqlite3_bind_double(handle, index, number)
                case .text(let text):
                    sqlite3_bind_text64(
                        handle, index, text, UInt64(text.utf8.count), sqlite_transient(), UInt8(SQLITE_UTF8))
                // An empty buffer may have no address, which would be NULL.
                case .blob(let bytes) where bytes.isEmpty: sqlite3_bind_zeroblob(handle, index, 0)
                case .blob(let bytes):
                    bytes.withUnsafeBytes {
                        sqlite3_bind_blob64(handle, index, $0.baseAddress, UInt64($0.count), sqlite_transient())
                    }
                }
            guard code == SQLITE_OK else { throw DatabaseError(code, connection) }
        }
    }

    /// - Returns: whether there is a row.
    private func step() throws(DatabaseError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw DatabaseError(code, connection)
        }
    }

    /// The row's value in a column.
    private func value(_ column: Int32) -> SQLValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            // The address first: asking for it may change the count.
            let address = sqlite3_column_text(handle, column)
            return .text(String(decoding: bytes(of: column, at: address), as: UTF8.self))
        case SQLITE_BLOB: return .blob(Data(bytes(of: column, at: sqlite3_column_blob(handle, column))))
        default: return .null
        }
    }

    private func bytes(of column: Int32, at address: UnsafeRawPointer?) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: address, count: address == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }
}

/// What a statement answers.
struct Table {
    let columns: [String]
    let rows: [[SQLValue]]
}
