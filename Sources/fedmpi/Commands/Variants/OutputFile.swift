import ArgumentParser
import FedCore
import Files
import Foundation

/// The flag `--force`, in every command that writes where the user says.
struct OverwriteOption: ParsableArguments {
    /// Whether files that are there are replaced.
    @Flag(help: "Replace what is there.")
    var force = false
}

/// A file that a command writes where the user says.
///
/// Commands make it before their work and write it after: what is wrong with the place is said at once, not after
/// minutes of computing, and nothing is replaced unless the user wants it. Made by `export`, `quantize`, `prune`,
/// `trace` and `runs export`.
struct OutputFile {
    private let url: URL
    /// Whether something of this name may be there and is replaced.
    private let replaces: Bool

    /// Checks the place; creates nothing.
    ///
    /// - Parameters:
    ///   - path: Path as the user gave it; a pipe or a device such as `/dev/stdout` is allowed.
    ///   - overwrite: Whether a file that is there may be replaced.
    /// - Throws: `ConfigurationError` when there is no such folder, it is read-only, the path is a folder, or
    ///   something is there.
    init(_ path: String, _ overwrite: OverwriteOption) throws(ConfigurationError) {
        url = URL(fileURLWithPath: path)
        replaces = overwrite.force
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
            throw ConfigurationError("'\(path)' is a folder, not a file to write")
        }
        if !replaces { try Self.refuse(path) }
        let folder = url.deletingLastPathComponent()
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else {
            throw ConfigurationError("cannot write '\(path)': there is no folder '\(folder.relativePath)'")
        }
        guard FileManager.default.isWritableFile(atPath: folder.path) else {
            throw ConfigurationError("cannot write '\(path)': the folder '\(folder.relativePath)' is read-only")
        }
    }

    /// The file of a model's weights, which are written as safetensors alone: a name that promises another format is refused.
    ///
    /// - Parameters:
    ///   - path: as above.
    ///   - overwrite: as above.
    static func weights(_ path: String, _ overwrite: OverwriteOption) throws(ConfigurationError) -> OutputFile {
        let ending = URL(fileURLWithPath: path).pathExtension.lowercased()
        guard !["onnx", "tflite", "pt", "pth", "h5", "keras", "pb", "gguf"].contains(ending) else {
            throw ConfigurationError(
                "'\(path)' is to be a safetensors file: end its name in .safetensors; fedmpi export --to FILE.onnx makes ONNX of it"
            )
        }
        return try OutputFile(path, overwrite)
    }

    /// Writes the file whole or not at all; a pipe or a device, such as `/dev/stdout`, gets the bytes.
    ///
    /// The place is looked at again, because somebody may have put a file there while the command worked.
    ///
    /// - Parameter bytes: All of the file's contents.
    /// - Throws: `ConfigurationError` with the reason when it cannot be written, or something has come there.
    func write(_ bytes: [UInt8]) throws(ConfigurationError) {
        // Something may have come there in the meantime.
        if !replaces { try Self.refuse(url.relativePath) }
        do {
            if Self.isStream(url.path) {
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

    /// Whether something of this name takes bytes and keeps none of its own: a pipe, a socket or a device. Links
    /// are followed.
    private static func isStream(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
    }

    /// Refuses a name that is taken.
    ///
    /// - Throws: `ConfigurationError` when there is something of this name, be it a link to nowhere.
    static func refuse(_ path: String) throws(ConfigurationError) {
        guard !isStream(path), (try? FileManager.default.attributesOfItem(atPath: path)) != nil else { return }
        throw ConfigurationError("'\(path)' is there already: choose another name, or replace it with --force")
    }
}

/// A folder that a command fills where the user says, such as `--output` of `variants` and `compare`.
struct OutputFolder {
    /// The folder, which exists.
    let url: URL

    /// Makes the folder if it is not there. The folder may hold other files; only the command's own names must be
    /// free.
    ///
    /// - Parameters:
    ///   - path: Path as the user gave it.
    ///   - files: Names of the files that will be written into it.
    ///   - overwrite: Whether these may be replaced.
    /// - Throws: `ConfigurationError` when one of them is there, or the folder cannot be made.
    init(_ path: String, for files: [String], _ overwrite: OverwriteOption) throws(ConfigurationError) {
        url = URL(fileURLWithPath: path, isDirectory: true)
        if !overwrite.force {
            for file in files { try OutputFile.refuse(url.appendingPathComponent(file).relativePath) }
        }
        do { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) } catch {
            throw ConfigurationError("cannot make '\(url.relativePath)': \(error.reasonLine)")
        }
    }
}
