import FedCore
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

    /// Replaces the file whole.
    func write(_ bytes: [UInt8]) throws(ConfigurationError) {
        do { try Data(bytes).write(to: url, options: .atomic) } catch {
            throw ConfigurationError("cannot write '\(url.relativePath)': \(error.reasonLine)")
        }
    }
}
