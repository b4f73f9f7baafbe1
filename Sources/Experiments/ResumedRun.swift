package import Foundation
package import Recording
package import Records

/// A run to continue, read from its checkpoint and validated. On rank 0 only.
package struct ResumedRun {
    /// The run's folder.
    package let folder: URL
    /// Which of the two checkpoints was read. A newest one that could not be used must not take the place of the
    /// previous one.
    package let generation: CheckpointFiles.Generation
    /// The checkpoint's contents.
    package let saved: SavedRun

    /// Combines what was read.
    package init(folder: URL, generation: CheckpointFiles.Generation, saved: SavedRun) {
        (self.folder, self.generation, self.saved) = (folder, generation, saved)
    }

    /// The state from which the round loop continues.
    package var state: RunState { saved.state }
    /// The records of the rounds before the checkpoint and of their faults, read from the folder's logs on demand.
    package var earlierRecords: EarlierRecords { saved.earlierRecords(in: folder) }
}
