import Foundation

/// A database that threads share: each transaction has it alone.
final class SharedDatabase: @unchecked Sendable {
    // The lock guards the connection.
    private let lock = NSLock()
    private let database: Database
    let path: String

    /// - Parameter patience: how long to wait for the locks of other processes, in seconds.
    init(path: String, patience: Double) throws(DatabaseError) {
        self.path = path
        database = try Database(path: path, patience: patience)
    }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try lock.withLock { try database.read { try body(database) } }
    }

    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try lock.withLock { try database.write { try body(database) } }
    }
}
