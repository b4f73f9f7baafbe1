public import ArgumentParser
import FedCore
import Federation
import Foundation
import Recording
import Records

/// `--resume RUN`: continues a run from its checkpoint.
struct ResumeOptions: ParsableArguments {
    @Option(help: "Continue a run, given its folder or its name in --results, over any number of ranks.")
    var resume: String?

    @Option(help: "Which checkpoint to continue from: newest or previous. (default: newest)")
    var from: CheckpointFiles.Generation?

    /// Options that do not change what a run computes, or only how far it goes.
    private static let companions: Set = [
        "resume", "from", "rounds", "results", "json", "quiet", "no-report", "checkpoint-every", "timing",
        "tensorboard",
        "no-history", "teacher",
    ]

    /// Everything else comes from the checkpoint: given on the command line, it would be ignored, or break the promise
    /// that a continued run ends with the same bits.
    /// - Throws: `ConfigurationError` that names the options that cannot stand beside `--resume`.
    static func check(_ arguments: [String]) throws(ConfigurationError) {
        let names = arguments.filter { $0.hasPrefix("--") }.map {
            String($0.dropFirst(2).prefix { $0 != "=" })
        }
        if names.contains("from"), !names.contains("resume") {
            throw ConfigurationError("--from needs --resume")
        }
        guard names.contains("resume"), !names.contains("help") else { return }
        let others = names.filter { !companions.contains($0) }
        guard others.isEmpty else {
            let accepted = companions.subtracting(["resume"]).sorted().map { "--\($0)" }
            throw ConfigurationError(
                "\(others.map { "--\($0)" }.joined(separator: ", ")) cannot be given with --resume: a run's settings "
                    + "come from its checkpoint; only \(accepted.joined(separator: ", ")) can")
        }
    }

    /// Reads the checkpoint of the run to continue; nil when there is none to continue.
    /// - Parameters:
    ///   - rounds: of the whole run, if it is to be longer or shorter than it was meant to be.
    ///   - teacher: where the run's teacher is, if it is not where it was.
    func load(results: String, rounds: Int?, teacher: String? = nil) throws(ConfigurationError) -> ResumedRun? {
        guard let resume else { return nil }
        let folder = try RunFolder.find(resume, results: results)
        let generation = from ?? .newest
        var saved = try CheckpointFiles(in: folder).load(generation) { Console.error("[rank 0] warning: \($0)") }
        var state = saved.state
        if let rounds { state.settings.rounds = rounds }
        if let teacher {
            guard state.settings.teacher != nil else {
                throw ConfigurationError("--teacher is '\(teacher)'; the run '\(resume)' has none")
            }
            state.settings.teacher = teacher
        }
        saved.state = state
        try saved.validate()
        return ResumedRun(folder: folder, generation: generation, saved: saved)
    }
}

/// A run to continue.
struct ResumedRun {
    let folder: URL
    let generation: CheckpointFiles.Generation
    let saved: SavedRun

    var state: RunState { saved.state }
    /// Those of complete rounds, and what went wrong in them.
    var earlierRecords: EarlierRecords { saved.earlierRecords(in: folder) }
}

extension CheckpointFiles.Generation: ExpressibleByArgument {}
