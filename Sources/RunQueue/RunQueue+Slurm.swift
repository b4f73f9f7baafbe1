import FedCore
import Foundation
import RunStore

extension RunQueue {
    /// Submits a run to Slurm, beside the loop: `sbatch` may take seconds.
    func submitJob(_ queued: QueuedRun) {}

    /// Finds out how a job stands.
    func lookAtJob(_ queued: QueuedRun) async throws {}

    /// Asks Slurm to end a job.
    func cancelJob(_ queued: QueuedRun) {}
}
