import Analysis
import Datasets
import Experiments
import Federation
import Foundation
import Recording
import Records

/// A finished run that is done again by its `config.json`: `fedmpi --config results/first/config.json`.
///
/// The same settings give the same weights only on the same data, and the file of settings says nothing of them: the
/// model beside it does.
struct RepeatedRun {
    /// The finished run's folder.
    private let folder: URL

    /// The run that a file of settings is of; nil where it is no run's, or the run has left no model.
    init?(configuration path: String?) {
        guard let path else { return nil }
        let file = URL(fileURLWithPath: path)
        folder = file.lastPathComponent == "config.json" ? file.deletingLastPathComponent() : file
        let model = folder.appendingPathComponent(RunFolder.modelName).path
        guard FileManager.default.fileExists(atPath: model) else { return nil }
    }

    /// What differs in the data from those that the run was on, in lines for the user; none where nothing does, or the
    /// user has chosen others: another seed holds out others, too.
    func notes(on data: DatasetPair, _ settings: RunSettings) -> [String] {
        guard let origin = DataOrigin(ofRun: folder), origin.dataset == settings.dataset,
            origin.options == DatasetOptions(settings)
        else { return [] }
        return ModelData(of: origin).notes(on: data, usesTraining: true)
            .map { "\(folder.relativePath) will not come again: \($0)" }
    }

    /// Whether a run that has come to its end has the weights of the finished one, as a line for the user; nil where one
    /// of the two cannot be read.
    ///
    /// - Parameters:
    ///   - run: the one that has come to its end.
    ///   - changes: settings that were given beside the file, by name.
    func outcome(of run: RecordedRun, changing changes: [String]) -> String? {
        guard let own = run.digest, let first = try? RecordedRun(in: folder).digest else { return nil }
        let name = folder.relativePath
        if own == first { return "repeats   \(name), with the same weights" }
        if !changes.isEmpty { return "based on  \(name), with another \(changes.joined(separator: ", "))" }
        let reason = run.setting("privacy").map { !$0.isEmpty } ?? false ? " (noise of another key)" : ""
        return "repeats   \(name), with other weights\(reason)"
    }
}
