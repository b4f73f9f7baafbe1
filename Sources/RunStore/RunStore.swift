import FedCore
import Files
public import Foundation

/// `results/runs.sqlite`: the history of all runs in a results folder.
///
/// Many processes may use it at once, on several hosts: every change is one short transaction, and who finds the file
/// locked waits. The journal is SQLite's rollback journal, not its write-ahead log: that one keeps its index in memory
/// which hosts do not share, so it is not for network file systems (https://www.sqlite.org/wal.html), and as the mode is
/// a property of the file, a database made on a server's own disk would still be in it when a client mounts that disk.
/// A network file system must have working locks, as NFS 4 has (https://www.sqlite.org/faq.html#q5).
public struct RunStore: Sendable {
    let database: SharedDatabase

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
            database = try SharedDatabase(path: file.path, patience: Self.patience)
            try Schema.migrate(database)
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
        guard let error = error as? DatabaseError, error.isDiskFull else { return error.line }
        return FileError("write", file.path, code: ENOSPC).reasonWithDisk
    }
}
