import ArgumentParser
import FedCore
import Federation
import MPI
import NeuralNet
import Records
import SplitLearning

/// `fedmpi split-train`.
struct SplitTrain: WorldCommand {
    static let configuration = CommandConfiguration(
        commandName: "split-train",
        abstract: "Train a model in two parts: devices up to a cut, the server behind it.",
        discussion: """
            mpirun -np 6 fedmpi split-train --rounds 10     5 devices train up to the 128 features, rank 0 the rest
            fedmpi split-train --rounds 10                  the same in one process, to the same weights
            The other options are those of `fedmpi train`, where they make sense.
            """)

    @OptionGroup var options: SettingsOptions<SplitTrainingScope>
    @OptionGroup var resumption: ResumeOptions

    func validate() throws {
        try resumption.check(options.choices.given, of: SplitTrainingScope.self)
    }

    func run(on world: any Communicator) throws -> (() -> Int32)? {
        var settings = options.settings(ranks: world.size)
        settings.serverPart = settings.serverPart ?? .shared
        settings.cut = settings.cut ?? Models.all.first { $0.name == settings.model }?.cut
        return try TrainingRun(choices: options.choices, settings: settings, resumption: resumption)
            .run(by: SplitTraining(), on: world)
    }
}
