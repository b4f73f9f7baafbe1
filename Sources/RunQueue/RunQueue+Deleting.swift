import FedCore
import Files
import Foundation
import RunStore

extension RunQueue {
    /// Deletes a run: its folder, its history, and the requests for it. Models that were registered of it stay.
    ///
    /// - Parameters:
    ///   - name: name of the run's folder.
    ///   - confirmation: the name once more, as the user typed it.
    /// - Throws: ``QueueError`` when there is no such run, or it has not ended; `ConfigurationError` when the names differ, or its
    ///   folder is none of a run's, or a symbolic link; `RunStoreError`, `FileError`.
    public func delete(_ name: String, confirming confirmation: String) throws {
        guard name == confirmation else {
            throw ConfigurationError("'\(confirmation.printable)' is not the name of the run that is to be deleted")
        }
        let (requests, stored) = (try store.queuedRuns(named: name), try store.newest(named: name))
        let folder: String?
        do {
            folder = try runFolder(name)
        } catch let error as QueueError where stored == nil && requests.isEmpty {
            throw error
        } catch is QueueError {
            folder = nil  // only its rows are left
        }
        try refuseBusy(name)
        if let folder {
            // Out of the way in one step, so that nobody sees half of it, and what is deleted is what was looked at.
            let deleted = path("\(Self.folderName)/\(Self.deleted)\(UUID().uuidString)")
            guard rename(folder, deleted) == 0 else { throw FileError("delete", folder) }
            try store.removeRows(ofRunNamed: name)
            try Self.remove(deleted)
        } else {
            try store.removeRows(ofRunNamed: name)
        }
        for request in requests { unlink(path(request.log)) }
    }

    /// What names of folders begin with that are about to go.
    private static let deleted = "deleted-"

    /// Removes a folder with all in it; a symbolic link in it is removed, not followed.
    private static func remove(_ folder: String) throws {
        // The name may have become a link since it was looked at.
        guard !Folder.isLink(folder) else {
            _ = unlink(folder)
            return
        }
        do {
            try FileManager.default.removeItem(atPath: folder)
        } catch {
            throw FileError(of: error) ?? FileError("delete", folder, reason: error.line)
        }
    }

    /// Removes what a queue that was killed had begun to delete, and files of starts of requests that are over.
    ///
    /// - Parameters:
    ///   - results: the results folder.
    ///   - open: the requests that are not over.
    static func tidy(_ results: String, sparing open: Set<Int64>) throws {
        let folder = "\(results)/\(folderName)"
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            if name.hasPrefix(deleted) { try? remove("\(folder)/\(name)") }
            guard let number = name.split(separator: ".").first.flatMap({ Int64($0) }), !open.contains(number),
                !name.hasSuffix(".log")
            else { continue }
            unlink("\(folder)/\(name)")
        }
    }

    /// Whether a name is of a folder or a file in the results folder that is no run.
    static func isReserved(_ name: String) -> Bool {
        [folderName, "registered-models"].contains(name) || name.hasPrefix(RunStore.fileName)
    }

    /// The path of a run's folder.
    ///
    /// - Parameter name: the folder's name, from a request.
    /// - Throws: ``QueueError`` when there is none of this name; `ConfigurationError` when it is a symbolic link, or not a run's.
    func runFolder(_ name: String) throws -> String {
        let name = try FolderName(name, option: "run").text
        let folder = path(name)
        guard Folder.has(folder) else { throw QueueError.unknown("there is no run '\(name)'") }
        guard !Folder.isLink(folder) else {
            throw ConfigurationError("'\(name)' is a symbolic link, and no run's folder")
        }
        let marks = ["config.json", "round_log.json", "checkpoint"]
        guard !Self.isReserved(name), marks.contains(where: { Folder.has("\(folder)/\($0)") }) else {
            throw ConfigurationError("'\(name)' is no run's folder")
        }
        return folder
    }

    /// Refuses a run that waits or goes on, in this queue or by other means, such as a terminal.
    ///
    /// - Parameter name: the run's.
    /// - Throws: ``QueueError``.
    func refuseBusy(_ name: String) throws {
        if let busy = open.values.first(where: { $0.run == name }) {
            throw QueueError.conflict("the run '\(name)' is \(busy.state.rawValue): request \(busy.id)")
        }
        if try store.newest(named: name)?.status == .running {
            throw QueueError.conflict("the run '\(name)' is running, and was not started by this queue")
        }
    }
}
