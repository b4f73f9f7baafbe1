import FedCore
import Files
import Foundation
import Glibc
import HTTPTypes
import RunStore

/// The files of a run's folder: what is listed is what can be fetched, so that no path from outside reaches the file system
/// unchecked.
enum RunFiles {
    /// The most files that are listed.
    private static let most = 2000

    /// All regular files below a folder, by path. Symbolic links and what is behind them are left out, hidden files too.
    static func list(in folder: URL) -> [RunFile] {
        var files: [RunFile] = []
        var open = [""]
        while let part = open.popLast(), files.count < most {
            let path = part.isEmpty ? folder.path : folder.path + "/" + part
            guard !Folder.isLink(path), let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                continue
            }
            for name in names.sorted() where !name.hasPrefix(".") {
                var status = stat()
                let below = part.isEmpty ? name : part + "/" + name
                guard lstat(path + "/" + name, &status) == 0 else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFREG: files.append(RunFile(path: below, bytes: Int(status.st_size)))
                case S_IFDIR where below.split(separator: "/").count < 8: open.append(below)
                default: break
                }
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    /// Opens a file that is in the list.
    ///
    /// - Parameters:
    ///   - path: from outside.
    ///   - folder: the run's.
    /// - Returns: a handle that the caller closes, and the file's size in bytes.
    /// - Throws: `APIError` when there is none of this path, or it cannot be read.
    static func open(_ path: String, in folder: URL) throws(APIError) -> (handle: FileHandle, bytes: Int) {
        guard let file = list(in: folder).first(where: { $0.path == path }) else {
            throw APIError(.notFound, "the run has no such file")
        }
        // Not through a link that has taken its place since.
        let descriptor = Glibc.open(
            folder.appendingPathComponent(path).path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw APIError(.conflict, "the file cannot be read") }
        return (FileHandle(fileDescriptor: descriptor, closeOnDealloc: true), file.bytes)
    }

    /// What a file is, by its ending. Pages and pictures that a run has made are shown in a frame of their own (`sandbox`).
    static func type(of path: String) -> String {
        switch (path as NSString).pathExtension.lowercased() {
        case "html": "text/html; charset=utf-8"
        case "png": "image/png"
        case "svg": "image/svg+xml"
        case "json": "application/json"
        case "csv", "txt", "log", "gp", "yaml", "md": "text/plain; charset=utf-8"
        default: "application/octet-stream"
        }
    }
}
