import FedCore
import Federation
import Foundation

/// The two checkpoints in a run's folder: the newest, and the one before it.
///
/// A checkpoint is written beside them, synced, and renamed into place, and then the folder is synced: whenever the
/// machine stops, `checkpoint` is whole.
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

    /// Of all files of checkpoints, those under way included.
    public static let names = ["checkpoint", "checkpoint.previous", "checkpoint.draft", "checkpoint.link"]

    func url(of generation: Generation) -> URL {
        folder.appendingPathComponent(generation == .newest ? "checkpoint" : "checkpoint.previous")
    }

    /// Writes the newest checkpoint.
    /// - Parameter keepsNewest: whether the newest so far becomes the previous; if not, it is lost.
    /// - Throws: `CheckpointFileError`, or an encoder's error.
    public func save(_ state: RunState, keepsNewest: Bool = true) throws {
        let draft = folder.appendingPathComponent("checkpoint.draft").path
        try writeAndSync(Checkpoint.encode(state), to: draft)
        if keepsNewest { try keepNewestAsPrevious() }
        try check("rename", draft, rename(draft, url(of: .newest).path))
        try syncFolder()
    }

    /// Deletes files of clients' states that no checkpoint needs any more.
    func removeClientStates(notNeededBy marks: [ClientStates.Mark]) {
        ClientStates.removeFiles(in: folder.path, notNeededBy: marks)
    }

    /// Reads a checkpoint.
    /// - Throws: `ConfigurationError` that says why it cannot be used, and whether the previous one can.
    public func load(_ generation: Generation) throws(ConfigurationError) -> RunState {
        do throws(CheckpointFileError) {
            return try read(generation)
        } catch {
            var message = error.description
            switch generation {
            case .newest:
                if let previous = try? read(.previous) {
                    message += "; the previous one, of round \(previous.round), is good: add --from previous"
                }
            case .previous:
                if let newest = try? read(.newest) {
                    message += "; the newest, of round \(newest.round), is good: leave out --from"
                }
            }
            throw ConfigurationError(message)
        }
    }

    private func read(_ generation: Generation) throws(CheckpointFileError) -> RunState {
        let url = url(of: generation)
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw CheckpointFileError(path: url.path, reason: "it cannot be read")
        }
        do throws(CheckpointDefect) {
            return try Checkpoint.decode(data)
        } catch {
            throw CheckpointFileError(path: url.path, reason: error.description)
        }
    }

    /// At no moment is there no newest: it gets a second name, which replaces the previous.
    private func keepNewestAsPrevious() throws(CheckpointFileError) {
        let newest = url(of: .newest).path
        let second = folder.appendingPathComponent("checkpoint.link").path
        _ = unlink(second)
        if link(newest, second) == 0 {
            try check("rename", second, rename(second, url(of: .previous).path))
        } else if errno != ENOENT {
            // A file system without hard links.
            try check("rename", newest, rename(newest, url(of: .previous).path))
        }
    }

    private func writeAndSync(_ data: Data, to path: String) throws(CheckpointFileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        try check("open", path, descriptor)
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: data)
            try file.synchronize()
            try file.close()
        } catch {
            throw CheckpointFileError(path: path, reason: "it cannot be written: \(error.reasonLine)")
        }
    }

    private func syncFolder() throws(CheckpointFileError) {
        let descriptor = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        try check("open", folder.path, descriptor)
        defer { close(descriptor) }
        // Some network file systems cannot sync a folder, and need not.
        guard fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP else { return }
        try check("fsync", folder.path, -1)
    }

    private func check(_ call: String, _ path: String, _ result: Int32) throws(CheckpointFileError) {
        guard result < 0 else { return }
        throw CheckpointFileError(path: path, reason: "\(call): \(String(cString: strerror(errno)))")
    }
}

/// A checkpoint that could not be written or read.
public struct CheckpointFileError: Error, CustomStringConvertible {
    let path: String
    let reason: String

    public var description: String { "checkpoint '\(path)' cannot be used: \(reason)" }
}
