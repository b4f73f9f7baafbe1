import Datasets
package import FedCore
package import Federation
import Foundation
import MPI
import NeuralNet
package import Recording
package import Records
package import RunStore

/// What a run leaves behind: its folder, and the observers that fill it. On rank 0.
package struct RunOutputs {
    /// What is to be left, and where.
    package struct Choice: Codable, Equatable {
        /// Folder of the run's folder.
        package var results: String
        /// Name of the run's folder; nil takes the date and time.
        package var name: String?
        /// Rounds; 0: only when the run is stopped.
        package var checkpointEvery = 1
        package var tensorboard = false
        package var keepsHistory = true
        /// Folder of the history, above the run's folder; nil: `results`.
        var historyFolder: String?

        package init(
            results: String, name: String? = nil, checkpointEvery: Int = 1, tensorboard: Bool = false,
            keepsHistory: Bool = true, historyFolder: String? = nil
        ) {
            (self.results, self.name, self.historyFolder) = (results, name, historyFolder)
            (self.checkpointEvery, self.tensorboard) = (checkpointEvery, tensorboard)
            self.keepsHistory = keepsHistory
        }
    }

    package let folder: RunFolder
    package let checkpoints: CheckpointWriter
    package let history: RunHistory?
    /// In the order in which they are to be told.
    package let observers: [any RoundObserver]

    /// Makes the run's folder, or opens that of a run that is continued.
    /// - Throws: `ConfigurationError` when the folder cannot be made, or written into.
    package init(
        _ job: Job, resuming resumed: ResumedRun?, _ choice: Choice, _ troubles: OutputTroubles
    ) throws(ConfigurationError) {
        let environment = RunEnvironment(
            mpi: MPIWorld.libraryVersion, oneDNN: "\(OneDNNLibrary.version) \(OneDNNLibrary.instructionSet)")
        let folder =
            if let resumed {
                try RunFolder(
                    resuming: resumed.folder, from: resumed.saved, environment: environment, troubles: troubles)
            } else {
                try RunFolder(
                    results: choice.results, name: choice.name, environment: environment, troubles: troubles)
            }
        self.folder = folder
        let train = job.data.train
        let table = job.partition.classTable(labels: train.labels(), classes: train.classes)
        let file = PartitionFile(
            table: table, bytesPerSample: train.shape.count, classNames: train.namedClasses)
        folder.put(file.contents, as: PartitionFile.name)
        checkpoints = CheckpointWriter(
            folder, every: choice.checkpointEvery, resumed: resumed.map { ($0.generation, $0.state.round) })
        var observers: [any RoundObserver] = [folder, checkpoints]
        if choice.tensorboard { observers.append(TensorBoardWriter(folder)) }
        history =
            choice.keepsHistory
            ? RunHistory(
                of: folder.url, in: choice.historyFolder.map { URL(fileURLWithPath: $0, isDirectory: true) },
                environment: environment,
                clients: (0..<job.partition.clients).map { job.partition.count(of: $0) },
                resuming: resumed?.earlierRecords, troubles: troubles) : nil
        if let history { observers.append(history) }
        self.observers = observers
    }

    /// Without its timing files a rank goes on all the same.
    package static func openTimingFiles(_ troubles: OutputTroubles) -> (String, TimingHeader) -> TimingWriter? {
        { folder, header in
            do {
                return try TimingWriter(run: folder, header, troubles)
            } catch {
                troubles.note("no timing files: \(OutputTroubles.reason(error))")
                return nil
            }
        }
    }
}
