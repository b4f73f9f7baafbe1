import FedCore
import Federation
import FoundationEssentials
import Recording
import Records

/// An observer that says, in one line on standard error, that the run was stopped and how to continue it.
///
/// It is the last of the observers: the checkpoint has been written by then, or it is known why it could not be.
final class StopNotice: RoundObserver {
    /// The run's folder, for the command that continues it.
    private let folder: RunFolder
    /// Knows whether the last state was saved.
    private let checkpoints: CheckpointWriter

    /// Makes the observer; prints nothing.
    init(folder: RunFolder, checkpoints: CheckpointWriter) {
        self.folder = folder
        self.checkpoints = checkpoints
    }

    func runStopped(_ stop: RunStop) {
        let state = stop.state
        let what =
            switch stop.cause {
            case .interruption(let interruption): "\(interruption)"
            case .failure: "failed"
            }
        var line = "fedmpi: \(what) after round \(state.round) of \(state.settings.rounds)"
        switch checkpoints.outcomeOfStop {
        case .success: line += ", saved; continue with --resume \(folder.url.relativePath.shellWord)"
        case .failure(let error):
            line += ", not saved: \(OutputTroubles.reason(error))"
            if let newest = checkpoints.newest {
                line +=
                    "; the checkpoint of round \(newest) is there: continue with --resume \(folder.url.relativePath.shellWord) once "
                    + "it can be written"
            } else {
                line += "; there is no checkpoint"
            }
        case nil: break
        }
        Console.error(line, onItsOwnLine: true)
        if let summary = folder.troubles.summary { folder.troubles.note(summary) }
    }
}
