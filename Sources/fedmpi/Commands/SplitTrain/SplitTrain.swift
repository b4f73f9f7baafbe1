public import ArgumentParser
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

    @OptionGroup var split: SplitTrainOptions
    @OptionGroup var options: SettingsOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var resumption: ResumeOptions
    @OptionGroup var configuration: ConfigurationOption

    func run(on world: any Communicator) throws -> (() -> Int32)? {
        var settings = options.settings(ranks: world.size)
        settings.serverPart = split.serverPart
        settings.cut = split.cut ?? Models.all.first { $0.name == settings.model }?.cut
        return try TrainingRun(
            settings: settings, rounds: options.rounds, teacher: options.teacher, output: output, resumption: resumption
        ).run(by: SplitTraining(), on: world)
    }
}

/// The options that split training adds to those of training.
struct SplitTrainOptions: ParsableArguments {
    @Option(help: "Layers before this one run on the devices. (default: the model's own cut)")
    var cut: Int?

    @Option(
        help: """
            The server's part while a round lasts: shared (one, which takes the clients' steps in turn) or per-client (a \
            copy for each, averaged like the devices' parts).
            """)
    var serverPart = RunSettings.ServerPart.shared
}

extension RunSettings.ServerPart: ExpressibleByArgument {}
