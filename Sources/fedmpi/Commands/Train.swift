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
    @OptionGroup var resumption: ResumeOptions
    @OptionGroup var configuration: ConfigurationOption

    func run(on world: any Communicator) throws {
        let stop = StopSignals.raiseFlag()
        var resumed: ResumedRun?
        let problem = try Session.attempt(on: world) {
            if world.rank == 0 { resumed = try resumption.load(results: output.results, rounds: options.rounds) }
        }
        if let problem { throw problem }
        let settings = world.rank == 0 ? resumed?.state.settings ?? options.settings(ranks: world.size) : nil
        let hasLostRanks = try Session.run(
            settings, resuming: resumed?.state, stop: stop, on: world,
            observers: { _ in try observers(resumed, rank: world.rank) },
            ready: { Guardian.noteRoundsBegin() })
        if hasLostRanks { Launch.leaveBehindLostRanks() }
    }

    private func observers(_ resumed: ResumedRun?, rank: Int) throws -> [any RoundObserver] {
        let environment = RunEnvironment(
            mpi: MPIWorld.libraryVersion, oneDNN: "\(OneDNNLibrary.version) \(OneDNNLibrary.instructionSet)")
        let folder =
            if let resumed {
                RunFolder(
                    resuming: resumed.folder, after: resumed.records, resumed.state.faults, environment: environment)
            } else {
                try RunFolder(results: output.results, name: output.runName, environment: environment)
            }
        let checkpoints = CheckpointWriter(
            CheckpointFiles(in: folder.url), every: output.checkpointEvery,
            resumed: resumed.map { ($0.generation, $0.state.round) })
        var observers: [any RoundObserver] = []
        if output.json {
            observers.append(JSONLines(folder: folder))
        } else if !output.quiet {
            observers.append(RoundTable(folder: folder))
        }
        observers.append(EventLog(rank: rank))  // after the table, which takes its progress bar away
        // Printed first, so that what is printed after the files are there is the table's last line.
        return [folder, checkpoints] + observers + [StopNotice(folder: folder, checkpoints: checkpoints)]
    }
}
