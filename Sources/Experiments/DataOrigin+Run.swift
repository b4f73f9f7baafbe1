package import Federation
import Files
package import Foundation
import Recording

extension DataOrigin {
    /// The data that a run was on, as the header of its model tells; nil without a model, or where it tells nothing.
    ///
    /// - Parameter folder: the run's.
    package init?(ofRun folder: URL) {
        guard let metadata = try? Safetensors.metadata(of: folder.appendingPathComponent(RunFolder.modelName)),
            let origin = try? DataOrigin(metadata: metadata)
        else { return nil }
        self = origin
    }
}
