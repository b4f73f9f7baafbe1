import FedCore
import Foundation

/// An exclusive lock on a folder of runs, held for as long as the object lives.
///
/// Two programs that continue the same runs would overwrite each other's checkpoints and logs. The lock is `flock(2)`
/// on a file `lock` in the folder: the kernel releases it however the process ends, so that no stale lock is left to be
/// removed by hand. The empty file stays. ``SweepPlan`` and ``DistillPlan`` hold one on rank 0 of their job.
final class FolderLock {
    /// The open lock file; negative when it could not be opened.
    private let descriptor: Int32

    /// Takes the lock without waiting.
    ///
    /// A folder whose file system has no locks, or in which the file cannot be made, is used without one: refusing to
    /// work there would cost more than the protection is worth.
    ///
    /// - Parameter folder: the folder, which exists.
    /// - Throws: `ConfigurationError` when another process holds the lock.
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
