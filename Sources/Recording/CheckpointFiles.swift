public import FedCore
import Files
public import Foundation
import Records

/// The two checkpoints in a run's folder: the newest, and the one before it.
///
/// A checkpoint is written beside them, synced, and renamed into place, and then the folder is synced: whenever
/// the machine stops, `checkpoint` is whole. One that cannot be written leaves the others, and no draft. The
/// previous one is for the case that the newest is damaged later, by a disk or by hand.
public struct CheckpointFiles: Sendable {
    /// The two checkpoints of a run; the raw values are what `--from` takes.
    public enum Generation: String, Sendable, CaseIterable {
        /// `checkpoint`.
        case newest
        /// `checkpoint.previous`.
        case previous
    }

    /// The run's folder.
    private let folder: URL

    /// Makes the names of the checkpoints of the run in `folder`; nothing is read or written.
    public init(in folder: URL) {
        self.folder = folder
    }

    /// Whether there is a checkpoint, good or damaged; one system call.
    public func exists(_ generation: Generation) -> Bool {
        FileManager.default.fileExists(atPath: url(of: generation).path)
    }

    /// The names of all files of checkpoints, those under way included.
    public static let names = ["checkpoint", "checkpoint.previous", "checkpoint.draft", "checkpoint.link"]

    /// The file of a generation, which need not be there.
    func url(of generation: Generation) -> URL {
        folder.appendingPathComponent(generation == .newest ? "checkpoint" : "checkpoint.previous")
    }

    /// Writes the newest checkpoint.
    ///
    /// - Parameters:
    ///   - saved: the run's state and its logs'.
    ///   - keepsNewest: whether the newest so far becomes the previous; if not, it is lost, as it should be
    ///     when it is damaged.
    /// - Throws: `FileError`, or an encoder's error; `checkpoint` is then what it was.
    /// - Complexity: O(weights); two `fsync`.
    public func save(_ saved: SavedRun, keepsNewest: Bool = true) throws {
        let bytes = try Checkpoint.encode(saved)
        var draft = try FileDraft(
            of: url(of: .newest).path, named: folder.appendingPathComponent("checkpoint.draft").path)
        try draft.write(bytes.bytes)
        try draft.synchronize()
        if keepsNewest { try keepNewestAsPrevious() }
        try draft.publish()
        try Folder.synchronize(folder.path)
    }

    /// Gives up the older of two checkpoints for room, if it takes at least so many bytes and the newest is there.
    ///
    /// - Returns: whether it is gone.
    func removePrevious(freeing bytes: Int) -> Bool {
        var found = stat()
        guard exists(.newest), lstat(url(of: .previous).path, &found) == 0, Int(found.st_size) >= bytes else {
            return false
        }
        return unlink(url(of: .previous).path) == 0
    }

    /// Deletes files of clients' states that no checkpoint needs any more.
    ///
    /// - Parameter marks: the positions that the checkpoints hold.
    func removeClientStates(notNeededBy marks: [ClientStateMark]) {
        ClientStateMark.removeFiles(in: folder.path, notNeededBy: marks)
    }

    /// Reads a checkpoint, and checks the logs that it relies on.
    ///
    /// - Parameters:
    ///   - generation: which of the two.
    ///   - warn: is told of logs that are not there; the run can do without.
    /// - Throws: `ConfigurationError` that says why it cannot be used, and whether the other one can.
    /// - Complexity: O(weights + bytes of the logs), which are hashed up to the checkpoint's positions.
    public func load(
        _ generation: Generation, warn: (String) -> Void = { _ in }
    ) throws(ConfigurationError) -> SavedRun {
        do throws(CheckpointFileError) {
            return try read(generation, warn: warn)
        } catch {
            var message = error.description
            switch generation {
            case .newest:
                if let previous = try? read(.previous) {
                    message += "; the previous one, of round \(previous.state.round), is good: add --from previous"
                }
            case .previous:
                if let newest = try? read(.newest) {
                    message += "; the newest, of round \(newest.state.round), is good: leave out --from"
                }
            }
            throw ConfigurationError(message)
        }
    }

    /// Reads one checkpoint, without a look at the other.
    ///
    /// A log that is missing is done without; one that is shorter or altered is an error, because the run would
    /// go on behind records that are not its own.
    private func read(
        _ generation: Generation, warn: (String) -> Void = { _ in }
    ) throws(CheckpointFileError) -> SavedRun {
        let url = url(of: generation)
        let bytes: [UInt8]
        do {
            bytes = try ReceivedFile.contents(url)
        } catch {
            throw CheckpointFileError(path: url.path, reason: "it cannot be read: \(error.reason)")
        }
        var saved: SavedRun
        do throws(CheckpointDefect) {
            saved = try Checkpoint.decode(Data(bytes))
        } catch {
            throw CheckpointFileError(path: url.path, reason: error.description)
        }
        for (name, log) in [(RecordFormat.roundLogName, \SavedRun.rounds), (RecordFormat.faultsName, \SavedRun.faults)]
        {
            do throws(LogDefect) {
                try RecordLog.check(folder.appendingPathComponent(name), to: saved[keyPath: log].position)
            } catch {
                guard error.isAbsence else {
                    throw CheckpointFileError(
                        path: url.path,
                        reason:
                            "it relies on '\(name)': \(error); put the file back as it was, or move it away to go on "
                            + "without these records")
                }
                warn(
                    "'\(folder.appendingPathComponent(name).relativePath)' is missing: the run goes on without its first "
                        + "\(saved[keyPath: log].position.records) records")
                saved[keyPath: log].position = .start
            }
        }
        return saved
    }

    /// Gives the newest a second name by a hard link, which then replaces the previous: at no moment is there
    /// no newest.
    ///
    /// On a file system without hard links it is renamed, and for a moment, until the draft is published, only
    /// the previous is there.
    private func keepNewestAsPrevious() throws(FileError) {
        let newest = url(of: .newest).path
        let second = folder.appendingPathComponent("checkpoint.link").path
        _ = unlink(second)
        guard link(newest, second) != 0 else {
            try move(second, url(of: .previous).path)
            return
        }
        switch errno {
        case ENOENT: return  // the first one
        case EPERM, EOPNOTSUPP, EMLINK, ENOSYS:
            // A file system without hard links.
            try move(newest, url(of: .previous).path)
        default: throw FileError("write", second)
        }
    }

    /// Renames a file, over whatever has the name.
    private func move(_ from: String, _ to: String) throws(FileError) {
        guard rename(from, to) == 0 else { throw FileError("write", to) }
    }
}

/// A checkpoint that cannot be used, with its path; for the user, ``CheckpointFiles/load(_:warn:)`` adds what
/// can be done.
public struct CheckpointFileError: Error, CustomStringConvertible {
    /// The path of the checkpoint.
    let path: String
    /// The defect of its bytes, or the reason why they cannot be read, as a clause.
    let reason: String

    public var description: String { "checkpoint '\(path)' cannot be used: \(reason)" }
}
