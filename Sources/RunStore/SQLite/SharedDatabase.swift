import Foundation

/// A connection that threads share: each transaction holds it alone, so threads wait for each other as processes do.
/// Not re-entrant: a transaction within a transaction deadlocks.
final class SharedDatabase: @unchecked Sendable {
    // The lock guards the connection.
    private let lock = NSLock()
    /// The connection; touched under the lock only, which makes this class safe to share.
    private let database: Database
    /// The file, for messages.
    let path: String

    /// Opens a file, which is made when missing.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - patience: Seconds to wait for the locks of other processes.
    /// - Throws: `DatabaseError`.
    init(path: String, patience: Double) throws(DatabaseError) {
        self.path = path
        database = try Database(path: path, patience: patience)
    }

    /// Runs a body that sees one state of the file. Blocks while another thread has the connection.
    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try lock.withLock { try database.read { try body(database) } }
    }

    /// Runs a body whose changes reach the file all at once, or, when it throws, not at all. Blocks while another
    /// thread has the connection or another process writes, the latter for `patience` at most.
    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try lock.withLock { try database.write { try body(database) } }
    }
}
