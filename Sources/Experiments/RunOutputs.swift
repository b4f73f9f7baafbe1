import Datasets
package import FedCore
package import Federation
import Foundation
import MPI
import NeuralNet
package import Recording
package import Records
package import RunStore

/// What a run leaves behind: its folder, and the observers that fill it. On rank 0 only.
///
/// `train` makes one for its run, a ``SweepLeader`` one for each of its runs. The observers are called by the round
/// loop on its own thread.
package struct RunOutputs {
    /// The user's choice of what is left behind, and where.
    package struct Choice: Codable, Equatable {
        /// The folder that contains the run's folder.
        package var results: String
        /// Name of the run's folder; nil takes the date and time.
        package var name: String?
        /// Rounds between two checkpoints; 0 saves only when the run is stopped.
        package var checkpointEvery = 1
        /// Whether the curves are also written as TensorBoard events.
        package var tensorboard = false
        /// Whether the best model is kept beside the last.
        package var keepsBest = false
        /// Whether the run is entered in the history that `fedmpi runs` shows.
        package var keepsHistory = true
        /// The folder of the history's data base, which is above a sweep's folder so that all runs are in one history;
        /// nil takes `results`.
        var historyFolder: String?

        /// Makes a choice with the command line's defaults.
        package init(
            results: String, name: String? = nil, checkpointEvery: Int = 1, tensorboard: Bool = false,
            keepsBest: Bool = false, keepsHistory: Bool = true, historyFolder: String? = nil
        ) {
            (self.results, self.name, self.historyFolder) = (results, name, historyFolder)
            (self.checkpointEvery, self.tensorboard) = (checkpointEvery, tensorboard)
            (self.keepsBest, self.keepsHistory) = (keepsBest, keepsHistory)
        }
    }

    /// What computes.
    package let environment: RunEnvironment
    /// The run's folder, itself an observer that keeps the logs.
    package let folder: RunFolder
    /// The observer that writes checkpoints; asked after a stop whether it could.
    package let checkpoints: CheckpointWriter
    /// The observer that keeps the best model; nil when it is not wanted.
    package let best: BestModelWriter?
    /// The observer that keeps the history; nil when it is switched off.
    package let history: RunHistory?
    /// All of them in the order in which they are to be called: the folder first, because the others ask it where it
    /// is.
    package let observers: [any RoundObserver]

    /// Makes the run's folder, or opens that of a run that is continued, and writes its partition table.
    ///
    /// - Parameters:
    ///   - job: what the run works with.
    ///   - resumed: the run to continue; nil for one that begins.
    ///   - choice: what is to be left.
    ///   - troubles: the list for files that cannot be written later; those do not end the run.
    /// - Throws: `ConfigurationError` when the folder cannot be made or written into.
    /// - Complexity: O(training samples), to count classes for the partition table.
    package init(
        _ job: Job, resuming resumed: ResumedRun?, _ choice: Choice, _ troubles: OutputTroubles
    ) throws(ConfigurationError) {
        let environment = RunEnvironment(
            mpi: MPIWorld.libraryVersion, oneDNN: "\(OneDNNLibrary.version) \(OneDNNLibrary.instructionSet)")
        self.environment = environment
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
        let labels = train.labels()
        // A pixel is a byte, a number of a table four.
        let areRows = Datasets.standard.samples(of: job.settings.dataset) == "rows"
        let partition = PartitionFile.contents(
            clients: job.partition.clients, classes: train.classes,
            bytesPerSample: train.shape.count * (areRows ? 4 : 1),
            classNames: train.namedClasses
        ) { job.partition.classCounts(of: $0, labels: labels, classes: train.classes) }
        folder.put(partition, as: PartitionFile.name)
        checkpoints = CheckpointWriter(
            folder, every: choice.checkpointEvery, savesLast: job.settings.epsilon != nil,
            resumed: resumed.map { ($0.generation, $0.state.round) })
        var observers: [any RoundObserver] = [folder, checkpoints]
        if choice.tensorboard { observers.append(TensorBoardWriter(folder)) }
        best = choice.keepsBest ? BestModelWriter(folder, resuming: resumed?.earlierRecords, troubles) : nil
        if let best { observers.append(best) }
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

    /// A function that opens a rank's timing files, for `Timekeeper`. It returns nil when they cannot be opened: the
    /// rank then runs without them.
    ///
    /// - Parameter troubles: is told why.
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
