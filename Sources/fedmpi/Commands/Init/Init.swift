import ArgumentParser
import FedCore
import Foundation

/// The command `fedmpi init`: writes files to begin with into a folder, each with comments that say what it is for and how it
/// is used.
///
/// Files that are there stay as they are: then nothing is written, and the exit code is 2.
struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write files to begin with: run, sweep, fleet, profiles.",
        discussion: """
            fedmpi init                      into this folder
            fedmpi init experiment           into a folder, which is made if missing
            """)

    /// Where the files go.
    @Argument(help: "The folder.")
    var folder = "."

    @OptionGroup var json: JSONOption

    /// What `--json` prints.
    private struct Written: Encodable {
        let folder: String
        let files: [String]
    }

    /// Writes the files, all or none.
    ///
    /// - Throws: `ConfigurationError` when one of them is there already, or cannot be written.
    func run() throws {
        let place = URL(fileURLWithPath: folder, isDirectory: true)
        let files = StarterFile.all.map { (file: $0, url: place.appendingPathComponent($0.name)) }
        if let known = files.first(where: { FileManager.default.fileExists(atPath: $0.url.path) }) {
            throw ConfigurationError("'\(known.url.relativePath)' is there already; nothing was written")
        }
        do {
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            for (file, url) in files { try Data(file.text.utf8).write(to: url, options: .withoutOverwriting) }
        } catch {
            throw ConfigurationError("cannot write to '\(folder)': \(error.line)")
        }
        try json.print(
            Written(folder: folder, files: files.map(\.file.name)),
            files.map { Format.leftAligned($0.url.relativePath, to: 24) + "  " + $0.file.use }.joined(separator: "\n"))
    }
}
