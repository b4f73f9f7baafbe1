import ArgumentParser
import FedCore
import Federation
import MPI
import NeuralNet
import Recording

/// `fedmpi [train]`.
struct Train: WorldCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model across the ranks (the default command).")

    @OptionGroup var options: SettingsOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var configuration: ConfigurationOption

    func run(on world: any Communicator) throws {
        let settings = world.rank == 0 ? options.settings(ranks: world.size) : nil
        let hasLostRanks = try Session.run(settings, on: world) { _ in
            let folder = try RunFolder(
                results: output.results, name: output.runName,
                environment: RunEnvironment(
                    mpi: MPIWorld.libraryVersion, oneDNN: "\(OneDNNLibrary.version) \(OneDNNLibrary.instructionSet)"))
            var observers: [any RoundObserver] = [EventLog(rank: world.rank)]
            if output.json {
                observers.append(JSONLines(folder: folder))
            } else if !output.quiet {
                observers.append(RoundTable(folder: folder))
            }
            // Printed first, so that what is printed after the files are there is the table's last line.
            return [folder] + observers
        }
        if hasLostRanks { MPIWorld.exitWithoutFinalizing(code: 0) }
    }
}
