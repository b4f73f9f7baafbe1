import FedCore
import Files
import Foundation
import RunStore

/// Asks fedmpi itself whether it would take settings: `fedmpi train --dry-run` or `fedmpi sweep --dry-run`, in a process of its own, so that a request is refused
/// in the words of the command line.
///
/// The settings reach it as a file that only this user can read, in a folder that goes with the check. Its path is not in what is
/// said: `--alpha is 0; it must be greater than 0`, as if they had been typed.
struct SettingsCheck {
    /// Where fedmpi and the results are.
    let configuration: QueueConfiguration

    /// Checks a run that begins.
    ///
    /// - Parameters:
    ///   - request: its settings, ranks and command.
    /// - Throws: `ConfigurationError` with fedmpi's line; `FileError` when the settings cannot be handed over.
    func check(_ request: RunRequest) async throws {
        let folder = try PrivateFolder()
        let file = folder.url.appendingPathComponent("settings.json").path
        try FileDraft.replace(file, with: Array(try SettingsFile.contents(request.settings)).span.bytes)
        guard request.command != .sweep else {
            let name = request.name.map { ["--sweep-name", $0] } ?? []
            return try await run([request.command.rawValue, file] + name, in: folder, settings: file)
        }
        var words = [request.command.rawValue, "--config", file]
        // As many as under the launcher, of which this process knows nothing.
        // A fleet may count its devices itself.
        if request.ranks > 1, request.settings["clients"] == nil, request.settings["fleet"] == nil {
            words += ["--clients", "\(request.ranks - 1)"]
        }
        if let name = request.name { words += ["--run-name", name] }
        try await run(words, in: folder, settings: file)
    }

    /// Checks that a run can be continued.
    ///
    /// - Parameters:
    ///   - folder: the run's.
    ///   - rounds: of the whole run; nil keeps them.
    ///   - command: the command that began it.
    /// - Throws: `ConfigurationError` with fedmpi's line.
    func check(resuming folder: String, rounds: Int?, _ command: QueuedRun.Command) async throws {
        let words = [command.rawValue, "--resume", folder] + (rounds.map { ["--rounds", "\($0)"] } ?? [])
        try await run(words, in: try PrivateFolder(), settings: nil)
    }

    /// Runs the command, and throws what it says.
    private func run(_ words: [String], in folder: PrivateFolder, settings file: String?) async throws {
        let log = folder.url.appendingPathComponent("log").path
        let code = try await ChildProcess.run(
            [configuration.program] + words + ["--dry-run", "--results", configuration.results],
            environment: ProcessInfo.processInfo.environment, log: log)
        guard code != 0 else { return }
        guard let code else { throw ConfigurationError("the settings could not be checked within a minute") }
        let said = try ReceivedFile.contents(URL(fileURLWithPath: log), atMost: 1 << 20)
        let lines = String(decoding: said, as: UTF8.self).split(separator: "\n")
        let line = lines.last { $0.hasPrefix("fedmpi: ") }?.dropFirst("fedmpi: ".count) ?? lines.last ?? ""
        let text = file.map { Self.hide($0, in: String(line)) } ?? String(line)
        throw ConfigurationError(text.isEmpty ? "fedmpi \(words[0]) --dry-run ended with code \(code)" : text)
    }

    /// A line without the path of a file that the user does not know.
    private static func hide(_ file: String, in line: String) -> String {
        line.replacing("'\(file)': ", with: "").replacing("'\(file)'", with: "settings")
    }
}
