private import CSQLite

/// SQLite could not do what it was asked, or a column does not hold what it should.
struct DatabaseError: Error, Equatable, CustomStringConvertible {
    /// As https://www.sqlite.org/rescode.html lists them, without the extension.
    let code: Int32
    let message: String

    var description: String { message }
    var isDiskFull: Bool { code == SQLITE_FULL }

    /// - Parameter connection: of the call that failed just before; nil when there was no memory for one.
    init(_ code: Int32, _ connection: OpaquePointer?) {
        self.code = code & 0xFF
        let text = connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        message = text.map { String(cString: $0) } ?? "error \(code) of SQLite"
    }

    /// A column holds something else than was expected.
    init(column: String, expected: Any.Type) {
        code = SQLITE_MISMATCH
        message = "column '\(column)' holds no \(expected)"
    }
}
