private import CSQLite

/// A connection to an SQLite file, for one thread at a time: opened without SQLite's own lock, which ``SharedDatabase``
/// replaces. Everything that RunStore asks of SQLite goes through here and ``Statement``.
final class Database {
    /// SQLite's connection; closed with this object.
    private let handle: OpaquePointer
    /// Compiled statements by their texts. Texts are the program's own, so there are few.
    private var statements: [String: Statement] = [:]

    /// Opens a file, which is made when missing. A file that may only be read is opened, too; then only writing fails.
    /// Foreign keys are switched on, which SQLite wants for each connection.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - patience: Seconds to wait for the locks of other connections before a statement fails.
    /// - Throws: `DatabaseError` when it cannot be opened. A file that is no database is noticed by the first statement
    ///   that reads it.
    init(path: String, patience: Double) throws(DatabaseError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard let handle = opened, code == SQLITE_OK else {
            defer { sqlite3_close_v2(opened) }
            throw DatabaseError(code, opened)
        }
        self.handle = handle
        sqlite3_busy_timeout(handle, Int32(patience * 1000))
        try execute("PRAGMA foreign_keys = ON")
    }

    deinit {
        // None may be left when it is closed.
        statements = [:]
        sqlite3_close_v2(handle)
    }

    /// Row number of the last row that was inserted on this connection.
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Runs a statement. It is compiled the first time, and again by SQLite itself when the tables have changed.
    ///
    /// - Parameters:
    ///   - sql: One statement.
    ///   - arguments: A value for each of its parameters.
    /// - Returns: All rows of its answer.
    /// - Throws: `DatabaseError`.
    @discardableResult
    func execute(_ sql: SQL, _ arguments: Arguments = []) throws(DatabaseError) -> Table {
        if let statement = statements[sql.text] { return try statement.run(arguments) }
        let statement = try Statement(sql, on: handle)
        statements[sql.text] = statement
        return try statement.run(arguments)
    }

    /// Runs a body that sees one state of the file, whatever others do. A writer cannot commit until it ends, so bodies
    /// are short.
    func read<Value>(_ body: () throws -> Value) throws -> Value {
        try transaction("BEGIN DEFERRED", body)
    }

    /// Runs a body whose changes reach the file all at once, or, when it throws, not at all. Waits for other writers
    /// before the body runs, not in the middle of it: `BEGIN IMMEDIATE` takes the write lock first
    /// (https://www.sqlite.org/lang_transaction.html).
    func write<Value>(_ body: () throws -> Value) throws -> Value {
        try transaction("BEGIN IMMEDIATE", body)
    }

    /// Runs a body between `BEGIN` and `COMMIT`, and undoes it if anything throws.
    private func transaction<Value>(_ begin: SQL, _ body: () throws -> Value) throws -> Value {
        try execute(begin)
        do {
            let value = try body()
            try execute("COMMIT")
            return value
        } catch {
            // After some errors SQLite has done it itself. What went wrong is the first error.
            if sqlite3_get_autocommit(handle) == 0 { _ = try? execute("ROLLBACK") }
            throw error
        }
    }
}

extension Database {
    /// The first column of the first row; nil when it is NULL or there is no row.
    ///
    /// - Throws: `DatabaseError` when the value has another type.
    func value<Value: SQLConvertible>(_ sql: SQL, _ arguments: Arguments = []) throws(DatabaseError) -> Value? {
        let table = try execute(sql, arguments)
        guard let value = table.rows.first?.first, value != .null else { return nil }
        guard let converted = Value(value) else { throw DatabaseError(column: table.columns[0], expected: Value.self) }
        return converted
    }

    /// The rows of a query, each decoded from the columns that its coding keys name; columns without a key are ignored.
    ///
    /// - Complexity: O(rows) memory.
    func fetch<Row: Decodable>(_ sql: SQL, _ arguments: Arguments = []) throws -> [Row] {
        let table = try execute(sql, arguments)
        let positions = Dictionary(zip(table.columns, table.columns.indices), uniquingKeysWith: { first, _ in first })
        return try table.rows.map { try Row(from: RowDecoder(positions: positions, values: $0)) }
    }

    /// Writes a row, in the place of one with the same key. With foreign keys on, replacing deletes the rows that refer
    /// to the old one: not for rows that others belong to.
    func insert(_ row: RowEncoder, into table: SQL) throws(DatabaseError) {
        try execute(
            "INSERT OR REPLACE INTO \(table) (\(columns: row.columns)) VALUES (\(parameters: row.columns.count))",
            Arguments(row.values))
    }
}
