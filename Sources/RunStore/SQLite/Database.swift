private import CSQLite

/// A connection to an SQLite file; for one thread at a time.
final class Database {
    private let handle: OpaquePointer
    /// By their texts. These are the program's own, so they are few.
    private var statements: [String: Statement] = [:]

    /// Opens a file, which is made when missing. A file that may only be read is opened, too.
    /// - Parameter patience: how long to wait for the locks of others, in seconds.
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

    /// Row number of the last row that was inserted.
    var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(handle) }

    /// Runs a statement. It is compiled once for a text.
    @discardableResult
    func execute(_ sql: SQL, _ arguments: Arguments = []) throws(DatabaseError) -> Table {
        if let statement = statements[sql.text] { return try statement.run(arguments) }
        let statement = try Statement(sql, on: handle)
        statements[sql.text] = statement
        return try statement.run(arguments)
    }

    /// Looks at one state of the file, whatever others write.
    func read<Value>(_ body: () throws -> Value) throws -> Value {
        try transaction("BEGIN DEFERRED", body)
    }

    /// Changes the file all at once, or, when an error is thrown, not at all. It waits for other writers before `body`.
    func write<Value>(_ body: () throws -> Value) throws -> Value {
        try transaction("BEGIN IMMEDIATE", body)
    }

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
    /// The first column of the first row; nil: NULL, or there is no row.
    func value<Value: SQLConvertible>(_ sql: SQL, _ arguments: Arguments = []) throws(DatabaseError) -> Value? {
        let table = try execute(sql, arguments)
        guard let value = table.rows.first?.first, value != .null else { return nil }
        guard let converted = Value(value) else { throw DatabaseError(column: table.columns[0], expected: Value.self) }
        return converted
    }

    /// Rows, each as it decodes itself from the columns that its coding keys name.
    func fetch<Row: Decodable>(_ sql: SQL, _ arguments: Arguments = []) throws -> [Row] {
        let table = try execute(sql, arguments)
        let positions = Dictionary(zip(table.columns, table.columns.indices), uniquingKeysWith: { first, _ in first })
        return try table.rows.map { try Row(from: RowDecoder(positions: positions, values: $0)) }
    }

    /// Writes a row, in the place of one with the same key.
    func insert(_ row: RowEncoder, into table: SQL) throws(DatabaseError) {
        try execute(
            "INSERT OR REPLACE INTO \(table) (\(columns: row.columns)) VALUES (\(parameters: row.columns.count))",
            Arguments(row.values))
    }
}
