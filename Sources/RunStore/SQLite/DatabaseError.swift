private import CSQLite

/// A failure of SQLite, or a column that holds another type than was expected.
struct DatabaseError: Error, Equatable, CustomStringConvertible {
    /// Primary result code, as https://www.sqlite.org/rescode.html lists them.
    let code: Int32
    /// SQLite's words, in English.
    let message: String

    var description: String { message }
    /// Whether the disk or the user's quota is full.
    var isDiskFull: Bool { code == SQLITE_FULL }

    /// The error of a call that failed just before: SQLite keeps the message only until the next call.
    ///
    /// - Parameters:
    ///   - code: What the call returned, extended or not.
    ///   - connection: The call's connection; nil when there was no memory for one.
    init(_ code: Int32, _ connection: OpaquePointer?) {
        self.code = code & 0xFF
        let text = connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        message = text.map { String(cString: $0) } ?? "error \(code) of SQLite"
    }

    /// A column that holds another type than was expected.
    init(column: String, expected: Any.Type) {
        code = SQLITE_MISMATCH
        message = "column '\(column)' holds no \(expected)"
    }
}
