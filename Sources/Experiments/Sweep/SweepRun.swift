import FedCore
import Files
package import Foundation
import Recording
package import Records

/// One run to be done: all that its leader has to know.
package struct SweepRun: Codable, Equatable {
    /// In the order of the file, from 0.
    package let index: Int
    package let settings: RunSettings
    let outputs: RunOutputs.Choice
    /// Name of its folder.
    package let name: String
    /// Whether the ranks record what they do with their time.
    let isTimed: Bool

    package var folder: URL {
        URL(fileURLWithPath: outputs.results, isDirectory: true).appendingPathComponent(name, isDirectory: true)
    }

    /// What its folder holds of it.
    enum Progress: Equatable {
        case none
        /// Interrupted; it goes on from its checkpoint, or from the start if it has none.
        case begun
        case finished
    }

    /// Looks at the files that every run leaves.
    /// - Throws: `ConfigurationError` when there is a run with other settings, or what is no run.
    func progress() throws(ConfigurationError) -> Progress {
        let files = FileManager.default
        guard Folder.has(folder.path) else { return .none }
        do throws(FileError) { try Folder.check(folder.path) } catch {
            throw ConfigurationError(error.description, at: name)
        }
        guard let data = try? Data(contentsOf: folder.appendingPathComponent("config.json")) else {
            try refuseForeignFiles()
            return .begun  // killed before it was written
        }
        guard let found = Self.settings(in: data) else {
            throw ConfigurationError(
                "'\(folder.relativePath)/config.json' is no run's; choose another name", at: name)
        }
        guard found == settings else {
            throw ConfigurationError(
                "there is a run with other settings (\(differences(from: found))); choose another "
                    + "name, or remove '\(folder.relativePath)'", at: name)
        }
        return files.fileExists(atPath: folder.appendingPathComponent("model.safetensors").path) ? .finished : .begun
    }

    /// A run that was killed before it had written its settings left no more than these: anything else is somebody's, and is
    /// not to be removed.
    private func refuseForeignFiles() throws(ConfigurationError) {
        let file: String?
        do {
            file = try RunFolder.foreignFile(in: folder)
        } catch {
            throw ConfigurationError("'\(folder.relativePath)' is no run's folder; choose another name", at: name)
        }
        guard let file else { return }
        throw ConfigurationError(
            "'\(folder.relativePath)' has '\(file)' and no config.json: it is no run's folder; choose another name",
            at: name)
    }

    /// The state to go on from; nil when it is to start afresh. What is left of a run without a checkpoint is removed.
    /// - Parameter warn: is told of a checkpoint that cannot be used.
    /// - Throws: `ConfigurationError`
    func resumed(warn: (String) -> Void) throws(ConfigurationError) -> ResumedRun? {
        guard FileManager.default.fileExists(atPath: folder.path) else { return nil }
        let files = CheckpointFiles(in: folder)
        for generation in CheckpointFiles.Generation.allCases where files.exists(generation) {
            let saved: SavedRun
            do throws(ConfigurationError) {
                saved = try files.load(generation) { warn("\(name): \($0)") }
            } catch {
                warn("\(name): \(error.line)")
                continue
            }
            guard saved.state.settings == settings else {
                throw ConfigurationError(
                    "the checkpoint in '\(folder.relativePath)' has other settings "
                        + "(\(differences(from: saved.state.settings)))")
            }
            return ResumedRun(folder: folder, generation: generation, saved: saved)
        }
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            throw ConfigurationError("cannot start '\(folder.relativePath)' afresh: \(error.reasonLine)")
        }
        return nil
    }

    /// Settings in a `config.json`. What its version had no setting for is as it is by default.
    private static func settings(in config: Data) -> RunSettings? {
        try? JSONDecoder().decode(Config.self, from: config).settings
    }

    private struct Config: Decodable {
        let settings: RunSettings
    }

    /// At most three of the settings that are not these: `rounds 30 instead of 50`.
    private func differences(from other: RunSettings) -> String {
        let all = settings.differences(from: other)
        let shown = all.prefix(3).map { "\($0.name) \($0.other ?? "none") instead of \($0.text ?? "none")" }
        return shown.joined(separator: ", ") + (all.count > 3 ? ", …" : "")
    }
}
