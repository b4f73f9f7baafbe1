import FedCore
import Federation
import FoundationEssentials
import Recording
import Records

/// Says, in one line, that the run was stopped and how to continue it.
final class StopNotice: RoundObserver {
    private let folder: RunFolder
    private let checkpoints: CheckpointWriter

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
