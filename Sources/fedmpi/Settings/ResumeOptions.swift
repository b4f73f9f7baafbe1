public import ArgumentParser
import Experiments
import FedCore
import Foundation
import Recording
import Records

/// The options `--resume RUN` and `--from`: continue a run from its checkpoint, over any number of ranks.
struct ResumeOptions: ParsableArguments {
    @Option(help: "Continue a run, given its folder or its name in --results, over any number of ranks.")
    var resume: String?

    @Option(help: "Which checkpoint to continue from: newest or previous. (default: newest)")
    var from: CheckpointFiles.Generation?

    /// Refuses settings that the run to continue has in its checkpoint: given again, they would be ignored, or break
    /// the promise that the run ends with the same bits. Each declaration says whether its setting may be given
    /// (`resumable`).
    ///
    /// - Parameters:
    ///   - given: the settings on the command line and in the file.
    ///   - scope: the settings that the command has.
    /// - Throws: `ConfigurationError` that names the settings that cannot stand beside `--resume`, or `--from` without
    ///   it.
    func check(_ given: GivenSettings, of scope: any SettingsScope.Type) throws(ConfigurationError) {
        guard resume != nil else {
            guard from == nil else { throw ConfigurationError("--from needs --resume") }
            return
        }
        let companions = scope.settings.filter(\.isResumable).map(\.name)
        let others = given.names.filter { !companions.contains($0) }
        guard others.isEmpty else {
            let accepted = (companions + ["from"]).sorted().map { "--\($0)" }
            throw ConfigurationError(
                "\(others.map { "--\($0)" }.joined(separator: ", ")) cannot be given with --resume: a run's settings "
                    + "come from its checkpoint; only \(accepted.joined(separator: ", ")) can")
        }
    }

    /// Reads and validates the checkpoint of the run to continue. On rank 0.
    ///
    /// - Parameters:
    ///   - results: the folder of all runs, in which a run's name is looked for.
    ///   - rounds: rounds of the whole run, if it is to be longer or shorter than it was meant to be; nil keeps them.
    ///   - teacher: the path of the run's teacher, if it is not where it was; nil keeps the path.
    /// - Returns: nil when there is no run to continue.
    /// - Throws: `ConfigurationError` when the run or its checkpoint cannot be found or used.
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

extension CheckpointFiles.Generation: ExpressibleByArgument {}
