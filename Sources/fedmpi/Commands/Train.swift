import ArgumentParser
import Federation
import MPI

/// `fedmpi [train]`.
struct Train: WorldCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model across the ranks (the default command).")

    @OptionGroup var options: SettingsOptions<TrainingScope>
    @OptionGroup var resumption: ResumeOptions

    func validate() throws {
        try resumption.check(options.choices.given, of: TrainingScope.self)
    }

    func run(on world: any Communicator) throws -> (() -> Int32)? {
        try TrainingRun(
            choices: options.choices, settings: options.settings(ranks: world.size), resumption: resumption
        ).run(by: WholeModelTraining(), on: world)
    }
}
