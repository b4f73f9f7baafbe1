import ArgumentParser
import Federation
import MPI

/// `fedmpi [train]`.
struct Train: WorldCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model across the ranks (the default command).")

    @OptionGroup var options: SettingsOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var resumption: ResumeOptions
    @OptionGroup var configuration: ConfigurationOption

    func run(on world: any Communicator) throws -> (() -> Int32)? {
        try TrainingRun(
            settings: options.settings(ranks: world.size), rounds: options.rounds, teacher: options.teacher,
            output: output, resumption: resumption
        ).run(by: WholeModelTraining(), on: world)
    }
}
