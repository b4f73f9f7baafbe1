import ArgumentParser
import FedCore
import Federation
import MPI
import NeuralNet
import Records
import SplitLearning

/// The command `fedmpi split-train`: trains one model whose first layers run on the devices and whose last layers
/// run on the server, with features sent up and gradients sent down in every step.
///
/// It differs from ``Train`` by its scheme, `SplitTraining`, and by the settings that only it has (cut and server
/// part); run folder, checkpoints, report and exit codes are the same, because `TrainingRun` does both.
///
/// Exit codes: 0 done; 1 when the run failed; 2 for settings or data that do not work; 128 + n when signal n
/// stopped it, after a checkpoint.
struct SplitTrain: TrainingCommand {
    static let configuration = CommandConfiguration(
        commandName: "split-train",
        abstract: "Train a model split between devices and server.",
        discussion: """
            mpirun -np 6 fedmpi split-train --rounds 10    5 devices train the first layers
            fedmpi split-train --rounds 10                 the same in one process
            The other options are those of `fedmpi train`, where they make sense.
            """)

    /// The settings of split training: those of `fedmpi train` that make sense here, and its own.
    @OptionGroup var options: SettingsOptions<SplitTrainingScope>
    /// Which run is continued, if one is, and from which checkpoint.
    @OptionGroup var resumption: ResumeOptions
    /// Whether the settings are checked and nothing is trained.
    @OptionGroup var dryRun: DryRunOption

    /// Refuses options that a continued run takes from its checkpoint, before MPI is initialised.
    func validate() throws {
        try resumption.check(options.choices.given, of: SplitTrainingScope.self)
    }

    /// Trains. Collective.
    ///
    /// - Parameter world: All ranks.
    /// - Returns: On rank 0, the report, to be made once MPI is finalised; nil on other ranks.
    /// - Throws: `ConfigurationError` on every rank alike; any other error on the rank where it happens.
    func run(on world: any Communicator) throws -> (() -> Int32)? {
        try training(ranks: world.size).run(by: SplitTraining(), on: world)
    }

    /// Checks the settings, in one process.
    ///
    /// - Throws: `ConfigurationError` or `DatasetError`.
    func rehearse(ranks: Int) throws { try training(ranks: ranks).rehearse(by: SplitTraining()) }

    /// The training, with defaults that depend on other settings filled in: one server part that all clients share, and the
    /// model's own cut. For an unknown model the cut stays open, since the check of the settings that follows has the better error.
    private func training(ranks: Int) -> TrainingRun {
        var settings = options.settings(ranks: ranks)
        settings.serverPart = settings.serverPart ?? .shared
        settings.cut = settings.cut ?? Models.standard.find(settings.model)?.naturalModel.cut
        return TrainingRun(choices: options.choices, settings: settings, resumption: resumption)
    }
}
