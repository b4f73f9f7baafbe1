import ArgumentParser
import Federation
import MPI

/// The command `fedmpi train`, which is also what `fedmpi` without a command does: federated training.
///
/// Rank 0 is the server, the other ranks train the clients; alone, one process does both, to the same weights.
/// The command itself is thin: options are declared by the settings, and `TrainingRun` does what `train` and
/// `split-train` have in common, from the run's folder to its report.
///
/// Exit codes: 0 done; 1 when the run failed, or standard output could not be written; 2 for settings or data
/// that do not work; 4 when the privacy budget is spent, after a checkpoint; 128 + n when signal n stopped it, after a checkpoint.
struct Train: TrainingCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a model across the ranks (the default command).")

    /// All settings of a run and of its output, from the command line and from `--config`.
    @OptionGroup var options: SettingsOptions<TrainingScope>
    /// Which run is continued, if one is, and from which checkpoint.
    @OptionGroup var resumption: ResumeOptions
    /// Whether the settings are checked and nothing is trained.
    @OptionGroup var dryRun: DryRunOption

    /// Refuses options that a continued run takes from its checkpoint, before MPI is initialised.
    func validate() throws {
        try resumption.check(options.choices.given, of: TrainingScope.self)
    }

    /// Trains. Collective.
    ///
    /// - Parameter world: All ranks; their number decides the default number of clients.
    /// - Returns: On rank 0, the work that is left once MPI is finalised: the report, which reads the timing
    ///   files of all ranks, so they have to be complete; nil on other ranks.
    /// - Throws: `ConfigurationError` on every rank alike; any other error on the rank where it happens.
    func run(on world: any Communicator) throws -> (() -> Int32)? {
        try training(ranks: world.size).run(by: WholeModelTraining(), on: world)
    }

    /// Checks the settings, in one process.
    ///
    /// - Throws: `ConfigurationError` or `DatasetError`.
    func rehearse(ranks: Int) throws { try training(ranks: ranks).rehearse(by: WholeModelTraining()) }

    private func training(ranks: Int) -> TrainingRun {
        TrainingRun(choices: options.choices, settings: options.settings(ranks: ranks), resumption: resumption)
    }
}
