import FedCore
import Foundation

/// An exclusive lock on a folder of runs, held until ``release()`` or for as long as the object lives.
///
/// Two programs that continue the same runs would overwrite each other's checkpoints and logs. The lock is `flock(2)`
/// on a file `lock` in the folder: the kernel releases it however the process ends, so that no stale lock is left to be
/// removed by hand. Whoever holds it removes the file at its end; one that a killed process leaves is empty and locks
/// nothing. ``SweepPlan`` and ``DistillPlan`` hold one on rank 0 of their job.
final class FolderLock {
    /// Path of the lock file.
    private let path: String
    /// The open lock file; negative when it could not be opened, or is released.
    private var descriptor: Int32 = -1

    /// Takes the lock without waiting.
    ///
    /// A folder whose file system has no locks, or in which the file cannot be made, is used without one: refusing to
    /// work there would cost more than the protection is worth.
    ///
    /// - Parameter folder: the folder, which exists.
    /// - Throws: `ConfigurationError` when another process holds the lock.
    init(_ folder: URL) throws(ConfigurationError) {
        path = folder.appendingPathComponent("lock").path
        while true {
            descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { return }
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                close(descriptor)
                descriptor = -1
                throw ConfigurationError("the runs in '\(folder.relativePath)' are under way in another process")
            }
            // Its holder may have removed the file between the two calls: then this is a lock on nothing.
            if isOfPath { return }
            close(descriptor)
            descriptor = -1
        }
    }

    deinit { release() }

    /// Lets others in, and removes the file. Calling it again does nothing.
    func release() {
        guard descriptor >= 0 else { return }
        // Before the lock goes: a file of somebody else must not be removed.
        if isOfPath { unlink(path) }
        close(descriptor)
        descriptor = -1
    }

    /// Whether the open file is the one that has the name.
    private var isOfPath: Bool {
        var (own, named) = (stat(), stat())
        return fstat(descriptor, &own) == 0 && stat(path, &named) == 0 && own.st_ino == named.st_ino
            && own.st_dev == named.st_dev
    }
}
