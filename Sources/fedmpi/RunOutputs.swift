import Datasets
import FedCore
import Federation
import Foundation
import Logging
import MPI
import NeuralNet
import Recording
import RunStore

/// What a run leaves behind: its folder, and the observers that fill it. On rank 0.
struct RunOutputs {
    /// What is to be left, and where.
    struct Choice: Codable, Equatable {
        /// Folder of the run's folder.
        var results: String
        /// Of the run's folder; nil takes the date and time.
        var name: String?
        /// Rounds; 0: only when the run is stopped.
        var checkpointEvery = 1
        var tensorboard = false
        var keepsHistory = true
        /// Folder of the history, above the run's folder; nil: `results`.
        var historyFolder: String?
    }

    let folder: RunFolder
    let checkpoints: CheckpointWriter
    let history: RunHistory?
    /// In the order in which they are to be told.
    let observers: [any RoundObserver]

    /// Makes the run's folder, or opens that of a run that is continued.
    /// - Throws: `ConfigurationError` when the folder cannot be made, or a file error.
    init(_ job: Job, resuming resumed: ResumedRun?, _ choice: Choice) throws {
        let environment = RunEnvironment(
            mpi: MPIWorld.libraryVersion, oneDNN: "\(OneDNNLibrary.version) \(OneDNNLibrary.instructionSet)")
        folder =
            if let resumed {
                RunFolder(
                    resuming: resumed.folder, after: resumed.records, resumed.state.faults, environment: environment)
            } else {
                try RunFolder(results: choice.results, name: choice.name, environment: environment)
            }
        let train = job.data.train
        let table = job.partition.classTable(labels: train.labels(), classes: train.classes)
        try PartitionFile(table: table, bytesPerSample: train.shape.count, classNames: train.classNames)
            .write(to: folder.url)
        checkpoints = CheckpointWriter(
            CheckpointFiles(in: folder.url), every: choice.checkpointEvery,
            resumed: resumed.map { ($0.generation, $0.state.round) })
        var observers: [any RoundObserver] = [folder, checkpoints]
        if choice.tensorboard { observers.append(TensorBoardWriter(in: folder.url)) }
        history =
            choice.keepsHistory
            ? RunHistory(
                of: folder.url, in: choice.historyFolder.map { URL(fileURLWithPath: $0, isDirectory: true) },
                environment: environment,
                clients: (0..<job.partition.clients).map { job.partition.count(of: $0) },
                resuming: resumed.map { ($0.records, $0.state.faults) },
                warn: { Console.error("[rank 0] warning: \($0)") }) : nil
        if let history { observers.append(history) }
        self.observers = observers
    }

    /// Without its timing files a rank goes on all the same.
    static func openTimingFiles(_ folder: String, _ header: TimingHeader) -> TimingWriter? {
        let logger = Logger(label: "fedmpi") { _ in RankLog(rank: header.rank) }
        let warn: @Sendable (any Error) -> Void = { logger.warning("cannot write timing files: \($0.line)") }
        do {
            return try TimingWriter(run: folder, header, failed: warn)
        } catch {
            warn(error)
            return nil
        }
    }
}
