import FedCore
import Files
public import Foundation

/// The history of all runs in a results folder: the SQLite file `results/runs.sqlite`. A run writes it through
/// ``RunHistory``; `fedmpi runs` reads it by the queries here.
///
/// ```swift
/// let store = try RunStore(results: "results")
/// for run in try store.runs() { print(run.name, run.accuracy ?? .nan) }
/// ```
///
/// Many processes may use it at once, on several hosts: every change is one short transaction, and a process that finds
/// the file locked waits. The journal is SQLite's rollback journal, not its write-ahead log: the latter keeps its index
/// in memory that hosts do not share, so it is not for network file systems (https://www.sqlite.org/wal.html); and as
/// the mode is a property of the file, a database made on a server's own disk would still be in it when a client mounts
/// that disk. A network file system must have working locks, as NFS 4 has (https://www.sqlite.org/faq.html#q5).
///
/// A copy shares the connection, which threads use in turn.
public struct RunStore: Sendable {
    /// The open file.
    let database: SharedDatabase

    /// Name of the file in a results folder.
    public static let fileName = "runs.sqlite"

    /// Seconds for which a transaction waits for the locks of other processes before it fails.
    static let patience = 5.0

    /// Opens a history, and makes or updates its tables. A file that is up to date is not written, so it may belong to
    /// another user.
    ///
    /// - Parameter file: Made when missing. A symbolic link is refused: SQLite would follow it and make tables in
    ///   whatever is there.
    /// - Throws: ``RunStoreError`` when it cannot be opened, is another program's, or was made by a newer fedmpi.
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

    /// Opens the history of a results folder to read it; unlike ``init(at:)`` it makes no file.
    ///
    /// - Parameter results: The folder's path.
    /// - Throws: ``ConfigurationError`` when the folder has no history; ``RunStoreError`` as above.
    public init(results: String) throws {
        let file = URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(Self.fileName)
        guard FileManager.default.fileExists(atPath: file.path) else {
            throw ConfigurationError("no run history in '\(results)': '\(file.path)' is missing")
        }
        try self.init(at: file)
    }
}

/// A history that cannot be read or written. The description is one line for a user: the file, then the reason.
public struct RunStoreError: Error, CustomStringConvertible {
    private let file: URL
    /// What went wrong, without the file's name, on one line.
    public let reason: String

    public var description: String { "run history '\(file.path)': \(reason)" }

    /// Puts any error into words.
    init(file: URL, _ error: any Error) {
        self.init(file: file, reason: Self.reason(file, error))
    }

    /// Joins the lines of a reason.
    init(file: URL, reason: String) {
        self.file = file
        self.reason = reason.split(separator: "\n").joined(separator: " ")
    }

    /// SQLite's own message says little of a full disk: that one gets the words of other files that could not be
    /// written, with the disk's free space.
    private static func reason(_ file: URL, _ error: any Error) -> String {
        guard let error = error as? DatabaseError, error.isDiskFull else { return error.line }
        return FileError("write", file.path, code: ENOSPC).reasonWithDisk
    }
}
