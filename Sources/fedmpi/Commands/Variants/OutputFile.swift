import FedCore
import Files
import Foundation

/// A file that a command is to write: what is wrong with its place is said before the work, not after.
struct OutputFile {
    private let url: URL

    /// - Throws: `ConfigurationError` when there is no such folder, or the path is one.
    init(_ path: String) throws(ConfigurationError) {
        url = URL(fileURLWithPath: path)
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
            throw ConfigurationError("'\(path)' is a folder, not a file to write")
        }
        let folder = url.deletingLastPathComponent()
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw ConfigurationError("cannot write '\(path)': there is no folder '\(folder.relativePath)'")
        }
        guard FileManager.default.isWritableFile(atPath: folder.path) else {
            throw ConfigurationError("cannot write '\(path)': the folder '\(folder.relativePath)' is read-only")
        }
    }

    /// Replaces the file whole; a pipe or a device, `/dev/stdout` for one, gets the bytes.
    func write(_ bytes: [UInt8]) throws(ConfigurationError) {
        var status = stat()
        do {
            if stat(url.path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
                guard let stream = FileHandle(forWritingAtPath: url.path) else { throw FileError("write", url.path) }
                try stream.write(contentsOf: bytes)
                try stream.close()
            } else {
                try url.replaceContents(with: bytes)
            }
        } catch let error as FileError {
            throw ConfigurationError(error.description)
        } catch {
            throw ConfigurationError("cannot write '\(url.relativePath)': \(error.reasonLine)")
        }
    }
}
