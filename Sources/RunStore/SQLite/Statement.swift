private import CSQLite
import Foundation

/// A prepared statement: compiled once, run any number of times. It must not outlive its connection.
final class Statement {
    /// The connection, which knows the messages of errors.
    private let connection: OpaquePointer
    /// SQLite's statement; finalized with this object.
    private let handle: OpaquePointer

    /// Compiles a statement. SQLite is told that it will be kept (`SQLITE_PREPARE_PERSISTENT`).
    ///
    /// - Throws: `DatabaseError` when a table or column is missing, or the file cannot be read.
    /// - Precondition: The text is exactly one statement; more would be ignored silently by SQLite.
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

    /// Runs the statement from the start, and leaves it ready to be run again, with its locks released and no value
    /// bound, even if it throws.
    ///
    /// - Parameter arguments: One for each of its parameters.
    /// - Returns: All rows.
    /// - Throws: `DatabaseError`.
    /// - Complexity: O(rows) memory.
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

    /// Binds a value to each parameter. SQLite copies texts and bytes, since they may be gone before the statement
    /// runs.
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

    /// Runs the statement up to its next row.
    ///
    /// - Returns: Whether there is one.
    private func step() throws(DatabaseError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        case let code: throw DatabaseError(code, connection)
        }
    }

    /// The current row's value in a column, copied: SQLite's memory is valid up to the next step only.
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

    /// SQLite's bytes of a column; empty where it gives no address, as it does for an empty blob.
    private func bytes(of column: Int32, at address: UnsafeRawPointer?) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: address, count: address == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
    }
}

/// The answer of a statement.
struct Table {
    /// Names of the columns; empty for a statement that answers nothing.
    let columns: [String]
    /// The rows, each with a value for each column.
    let rows: [[SQLValue]]
}
