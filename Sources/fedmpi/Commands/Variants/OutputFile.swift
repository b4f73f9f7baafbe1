import ArgumentParser
import FedCore
import Files
import Foundation

/// Whether what is there may be replaced.
struct OverwriteOption: ParsableArguments {
    @Flag(help: "Replace what is there.")
    var force = false
}

/// A file that a command is to write where the user says: what is wrong with its place is said before the work, not after,
/// and what is there is not replaced unless the user wants it.
struct OutputFile {
    private let url: URL
    private let replaces: Bool

    /// - Throws: `ConfigurationError` when there is no such folder, or something of this name.
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

    /// Writes the file whole or not at all.
    func write(_ bytes: [UInt8]) throws(ConfigurationError) {
        // Something may have come there in the meantime.
        if !replaces { try Self.refuse(url.relativePath) }
        do { try url.replaceContents(with: bytes) } catch { throw ConfigurationError(error.line) }
    }

    /// - Throws: `ConfigurationError` when there is something of this name, be it a link to nowhere.
    static func refuse(_ path: String) throws(ConfigurationError) {
        guard (try? FileManager.default.attributesOfItem(atPath: path)) != nil else { return }
        throw ConfigurationError("'\(path)' is there already: choose another name, or replace it with --force")
    }
}

/// A folder that a command is to fill where the user says.
struct OutputFolder {
    let url: URL

    /// Makes the folder if it is not there.
    /// - Parameter files: that will be written into it.
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
