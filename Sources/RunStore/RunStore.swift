import FedCore
import Federation
import Files
public import Foundation
import GRDB

/// `results/runs.sqlite`: the history of all runs in a results folder.
///
/// Many processes may use it at once, on several hosts: every change is one short transaction, and who finds the file
/// locked waits. The journal is SQLite's rollback journal, not its write-ahead log: that one keeps its index in memory
/// which hosts do not share, so it is not for network file systems (https://www.sqlite.org/wal.html), and as the mode is
/// a property of the file, a database made on a server's own disk would still be in it when a client mounts that disk.
/// A network file system must have working locks, as NFS 4 has (https://www.sqlite.org/faq.html#q5).
public struct RunStore: Sendable {
    let database: DatabaseQueue

    /// Its name in the results folder.
    public static let fileName = "runs.sqlite"

    /// How long who finds the file locked waits, in seconds.
    static let patience = 5.0

    /// Opens the history, and makes or updates its tables.
    /// - Parameter file: made when missing.
    /// - Throws: `RunStoreError` when it cannot be opened, is no history, or is one of a newer program.
    public init(at file: URL) throws(RunStoreError) {
        do {
            // SQLite follows it, and makes tables in what is there.
            guard !Folder.isLink(file.path) else { throw ConfigurationError("it is a symbolic link") }
            var configuration = Configuration()
            configuration.busyMode = .timeout(Self.patience)
            configuration.label = "runs"
            let database = try DatabaseQueue(path: file.path, configuration: configuration)
            try Self.migrate(database)
            self.database = database
        } catch {
            throw RunStoreError(file: file, error)
        }
    }

    /// Opens the history of a results folder to read it.
    /// - Throws: `ConfigurationError` when there is none; `RunStoreError` as above.
    public init(results: String) throws {
        let file = URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(Self.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw ConfigurationError("no run history in '\(results)': '\(file.path)' is missing")
        }
        try self.init(at: file)
    }

    private static func migrate(_ database: DatabaseQueue) throws {
        let migrator = Schema.migrator
        var attemptsLeft = 5
        while true {
            let isComplete = try database.read { db in
                guard try Schema.isOurs(db) else { throw ConfigurationError("it is another program's database") }
                guard try !migrator.hasBeenSuperseded(db) else {
                    throw ConfigurationError("it was made by a newer fedmpi")
                }
                return try migrator.hasCompletedMigrations(db)
            }
            // Nothing is written to a file that is up to date: it may be another user's.
            if isComplete { return }
            do {
                return try migrator.migrate(database)
            } catch {
                // Another process may have made the tables between the look and the step.
                attemptsLeft -= 1
                if attemptsLeft == 0 { throw error }
                Thread.sleep(forTimeInterval: 0.05)
            }
        }
    }
}

/// The history cannot be read or written.
public struct RunStoreError: Error, CustomStringConvertible {
    private let file: URL
    /// Without the file.
    public let reason: String

    public var description: String { "run history '\(file.path)': \(reason)" }

    init(file: URL, _ error: any Error) {
        self.init(file: file, reason: Self.reason(file, error))
    }

    init(file: URL, reason: String) {
        self.file = file
        self.reason = reason.split(separator: "\n").joined(separator: " ")
    }

    private static func reason(_ file: URL, _ error: any Error) -> String {
        guard let error = error as? DatabaseError else { return error.line }
        return switch error.resultCode {
        case .SQLITE_FULL: FileError("write", file.path, code: ENOSPC).reasonWithDisk
        default: error.message ?? error.line
        }
    }
}
