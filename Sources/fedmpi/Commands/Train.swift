import Analysis
import ArgumentParser
import FedCore
import Federation
import Foundation
import Logging
import MPI
import NeuralNet
import Recording
import RunStore

/// `fedmpi [train]`.
struct Train: WorldCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model across the ranks (the default command).")

    @OptionGroup var options: SettingsOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var resumption: ResumeOptions
    @OptionGroup var configuration: ConfigurationOption

    func run(on world: any Communicator) throws -> (() -> Void)? {
        let stop = StopSignals.raiseFlag()
        let timekeeper = Timekeeper(world, isOn: output.timing == .on, sink: Self.openTimingFiles)
        var resumed: ResumedRun?
        let problem = try Session.attempt(on: timekeeper.metered(world)) {
            if world.rank == 0 { resumed = try resumption.load(results: output.results, rounds: options.rounds) }
        }
        if let problem { throw problem }
        let settings = world.rank == 0 ? resumed?.state.settings ?? options.settings(ranks: world.size) : nil
        var outputs = Outputs()
        let hasLostRanks = try Session.run(
            settings, resuming: resumed?.state, stop: stop, on: world, timekeeper: timekeeper,
            observers: { job in try observers(job, resumed, timekeeper, &outputs) },
            ready: { Guardian.noteRoundsBegin() })
        guard world.rank == 0 else {
            if hasLostRanks { Launch.leaveBehindLostRanks() }
            return nil
        }
        let ranks = 0..<world.size
        let finish = { [outputs] in
            if let folder = outputs.folder, !output.noReport {
                // They have been let go, and may still be writing.
                let others = Set(ranks).subtracting(folder.lostRanks)
                TimingFiles.waitUntilClosed(in: folder.url, ranks: others, atMost: .seconds(2))
                reportEnd(of: folder.url)
            }
            outputs.history?.noteFiles()
        }
        if hasLostRanks {
            finish()
            Launch.leaveBehindLostRanks()
        }
        return finish
    }

    /// The run is saved: it has not failed if its report has.
    private func reportEnd(of folder: URL) {
        do {
            let run = try RecordedRun(in: folder)
            try Report.write(run, tables: !output.quiet && !output.json, notes: !output.quiet)
        } catch {
            Console.error("fedmpi: no report: \(error)")
        }
    }

    /// Without its timing files a rank goes on all the same.
    private static func openTimingFiles(_ folder: String, _ header: TimingHeader) -> TimingWriter? {
        let logger = Logger(label: "fedmpi") { _ in RankLog(rank: header.rank) }
        let warn: @Sendable (any Error) -> Void = { logger.warning("cannot write timing files: \($0)") }
        do {
            return try TimingWriter(run: folder, header, failed: warn)
        } catch {
            warn(error)
            return nil
        }
    }

    /// What rank 0 still needs when the run is over.
    private struct Outputs {
        var folder: RunFolder?
        var history: RunHistory?
    }

    /// On rank 0.
    private func observers(
        _ job: Job, _ resumed: ResumedRun?, _ timekeeper: Timekeeper, _ outputs: inout Outputs
    ) throws -> [any RoundObserver] {
        let environment = RunEnvironment(
            mpi: MPIWorld.libraryVersion, oneDNN: "\(OneDNNLibrary.version) \(OneDNNLibrary.instructionSet)")
        let folder =
            if let resumed {
                RunFolder(
                    resuming: resumed.folder, after: resumed.records, resumed.state.faults, environment: environment)
            } else {
                try RunFolder(results: output.results, name: output.runName, environment: environment)
            }
        outputs.folder = folder
        timekeeper.folder = folder.url.standardizedFileURL.path
        let train = job.data.train
        let table = job.partition.classTable(labels: train.labels(), classes: train.classes)
        try PartitionFile(table: table, bytesPerSample: train.shape.count).write(to: folder.url)
        let checkpoints = CheckpointWriter(
            CheckpointFiles(in: folder.url), every: output.checkpointEvery,
            resumed: resumed.map { ($0.generation, $0.state.round) })
        var observers: [any RoundObserver] = []
        if output.json {
            observers.append(JSONLines(folder: folder))
        } else if !output.quiet {
            observers.append(RoundTable(folder: folder))
        }
        observers.append(EventLog(rank: 0))  // after the table, which takes its progress bar away
        var files: [any RoundObserver] = [folder, checkpoints]
        if output.tensorboard { files.append(TensorBoardWriter(in: folder.url)) }
        if !output.noHistory {
            let run = RunHistory(
                of: folder.url, environment: environment,
                clients: (0..<job.partition.clients).map { job.partition.count(of: $0) },
                resuming: resumed.map { ($0.records, $0.state.faults) },
                warn: { Console.error("[rank 0] warning: \($0)") })
            files.append(run)
            outputs.history = run
        }
        // Printed first, so that what is printed after the files are there is the table's last line.
        return files + observers + [StopNotice(folder: folder, checkpoints: checkpoints)]
    }
}
