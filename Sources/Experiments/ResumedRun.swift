package import Foundation
package import Recording
package import Records

/// A run to continue.
package struct ResumedRun {
    package let folder: URL
    package let generation: CheckpointFiles.Generation
    package let saved: SavedRun

    package init(folder: URL, generation: CheckpointFiles.Generation, saved: SavedRun) {
        (self.folder, self.generation, self.saved) = (folder, generation, saved)
    }

    package var state: RunState { saved.state }
    /// Those of complete rounds, and what went wrong in them.
    package var earlierRecords: EarlierRecords { saved.earlierRecords(in: folder) }
}
