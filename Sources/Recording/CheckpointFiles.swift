public import FedCore
import Files
public import Foundation
import Records

/// The two checkpoints in a run's folder: the newest, and the one before it.
///
/// A checkpoint is written beside them, synced, and renamed into place, and then the folder is synced: whenever the
/// machine stops, `checkpoint` is whole. One that cannot be written leaves the others, and no draft.
public struct CheckpointFiles: Sendable {
    /// Which of the two.
    public enum Generation: String, Sendable, CaseIterable {
        case newest
        case previous
    }

    private let folder: URL

    /// The checkpoints of the run in `folder`.
    public init(in folder: URL) {
        self.folder = folder
    }

    /// Whether there is a checkpoint, good or damaged.
    public func exists(_ generation: Generation) -> Bool {
        FileManager.default.fileExists(atPath: url(of: generation).path)
    }

    /// Names of all files of checkpoints, those under way included.
    public static let names = ["checkpoint", "checkpoint.previous", "checkpoint.draft", "checkpoint.link"]

    func url(of generation: Generation) -> URL {
        folder.appendingPathComponent(generation == .newest ? "checkpoint" : "checkpoint.previous")
    }

    /// Writes the newest checkpoint.
    /// - Parameter keepsNewest: whether the newest so far becomes the previous; if not, it is lost.
    /// - Throws: `FileError`, or an encoder's error.
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

    /// Gives up the older of two checkpoints for room, if it takes so many bytes.
    /// - Returns: whether it is gone.
    func removePrevious(freeing bytes: Int) -> Bool {
        var found = stat()
        guard exists(.newest), lstat(url(of: .previous).path, &found) == 0, Int(found.st_size) >= bytes else {
            return false
        }
        return unlink(url(of: .previous).path) == 0
    }

    /// Deletes files of clients' states that no checkpoint needs any more.
    func removeClientStates(notNeededBy marks: [ClientStateMark]) {
        ClientStateMark.removeFiles(in: folder.path, notNeededBy: marks)
    }

    /// Reads a checkpoint, and checks the logs that it relies on.
    /// - Parameter warn: is told of logs that are not there; the run can do without.
    /// - Throws: `ConfigurationError` that says why it cannot be used, and whether the previous one can.
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
        for (name, log) in [(RunLogs.roundsName, \SavedRun.rounds), (RunLogs.faultsName, \SavedRun.faults)] {
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

    /// At no moment is there no newest: it gets a second name, which replaces the previous.
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

    private func move(_ from: String, _ to: String) throws(FileError) {
        guard rename(from, to) == 0 else { throw FileError("write", to) }
    }
}

/// A checkpoint that cannot be used.
public struct CheckpointFileError: Error, CustomStringConvertible {
    let path: String
    let reason: String

    public var description: String { "checkpoint '\(path)' cannot be used: \(reason)" }
}
