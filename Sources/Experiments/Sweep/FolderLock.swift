import FedCore
import Foundation

/// Keeps two programs from the same folder, until this one ends.
final class FolderLock {
    private let descriptor: Int32

    /// - Throws: `ConfigurationError` when another program has it. A file system without locks is no hindrance.
    init(_ folder: URL) throws(ConfigurationError) {
        let path = folder.appendingPathComponent("lock").path
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
        if descriptor >= 0, flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            close(descriptor)
            throw ConfigurationError("the runs in '\(folder.relativePath)' are under way in another process")
        }
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }
}
