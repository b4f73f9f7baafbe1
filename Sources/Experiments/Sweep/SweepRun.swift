import FedCore
import Files
package import Foundation
import Recording
package import Records

/// One run to be done, complete with everything that its leader has to know: rank 0 sends it as JSON.
///
/// A run owns a folder and can tell from it alone how far it has come, so that any group of any later job can continue
/// it. ``DistillPlan`` uses it, too.
package struct SweepRun: Codable, Equatable {
    /// The run's place in the order of the sweep's file, from 0; names it in messages.
    package let index: Int
    /// The complete settings; those of a checkpoint must be equal.
    package let settings: RunSettings
    /// What the run leaves behind, and where.
    let outputs: RunOutputs.Choice
    /// The name of the run's folder; also begins each warning and error about the run.
    package let name: String
    /// Whether the ranks record their phases in timing files.
    let isTimed: Bool

    /// The run's folder, `outputs.results/name`.
    package var folder: URL {
        URL(fileURLWithPath: outputs.results, isDirectory: true).appendingPathComponent(name, isDirectory: true)
    }

    /// How far a run has come, judged by the files in its folder.
    enum Progress: Equatable {
        /// There is no folder.
        case none
        /// It was interrupted, and continues from its checkpoint, or from the start if it has none.
        case begun
        /// Its final model is in its file.
        case finished
    }

    /// Looks at the files that every run leaves. Reads `config.json`, nothing else.
    ///
    /// - Parameter option: the option that gives the folder of all these runs another name, for messages.
    /// - Throws: `ConfigurationError` when the folder has a run with other settings, or something that is no run:
    ///   neither may be overwritten.
    func progress(renamedBy option: String) throws(ConfigurationError) -> Progress {
        let files = FileManager.default
        guard Folder.has(folder.path) else { return .none }
        do throws(FileError) { try Folder.check(folder.path) } catch {
            throw ConfigurationError(error.description, at: name)
        }
        guard let data = try? Data(contentsOf: folder.appendingPathComponent("config.json")) else {
            try refuseForeignFiles(option)
            return .begun  // killed before it was written
        }
        guard let found = Self.settings(in: data) else {
            throw ConfigurationError(
                "'\(folder.relativePath)/config.json' is no run's; choose another name by \(option)", at: name)
        }
        guard found == settings else {
            throw ConfigurationError(
                "there is a run with other settings (\(differences(from: found))); choose another "
                    + "name by \(option), or remove '\(folder.relativePath)'", at: name)
        }
        return files.fileExists(atPath: folder.appendingPathComponent("model.safetensors").path) ? .finished : .begun
    }

    /// Refuses a folder without `config.json` that has any file but those of a run killed before it had written its
    /// settings.
    ///
    /// Such a folder is removed when the run starts afresh, so it must hold nothing that belongs to somebody else.
    ///
    /// - Parameter option: as of ``progress(renamedBy:)``.
    /// - Throws: `ConfigurationError` that names the file.
    private func refuseForeignFiles(_ option: String) throws(ConfigurationError) {
        let file: String?
        do {
            file = try RunFolder.foreignFile(in: folder)
        } catch {
            throw ConfigurationError(
                "'\(folder.relativePath)' is no run's folder; choose another name by \(option)", at: name)
        }
        guard let file else { return }
        throw ConfigurationError(
            "'\(folder.relativePath)' has '\(file)' and no config.json: it is no run's folder; choose another name by \(option)",
            at: name)
    }

    /// The state from which the run continues; nil when it starts afresh, for which the rest of a run without a
    /// checkpoint is removed.
    ///
    /// The newest checkpoint is tried first, then the previous one: a damaged file costs the rounds between the two.
    ///
    /// - Parameter warn: receives a line for each checkpoint that cannot be used.
    /// - Throws: `ConfigurationError` when a checkpoint has other settings than this run, or the rest of an earlier
    ///   attempt cannot be removed.
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

    /// The settings in the bytes of a `config.json`; nil when it is no run's. A setting that its version did not have
    /// takes its default.
    private static func settings(in config: Data) -> RunSettings? {
        try? JSONDecoder().decode(Config.self, from: config).settings
    }

    /// The part of a `config.json` that is compared.
    private struct Config: Decodable {
        let settings: RunSettings
    }

    /// A text with at most three of the settings that differ, `rounds 30 instead of 50`.
    ///
    /// - Parameter other: the settings that were found.
    private func differences(from other: RunSettings) -> String {
        let all = settings.differences(from: other)
        let shown = all.prefix(3).map { "\($0.name) \($0.other ?? "none") instead of \($0.text ?? "none")" }
        return shown.joined(separator: ", ") + (all.count > 3 ? ", …" : "")
    }
}
