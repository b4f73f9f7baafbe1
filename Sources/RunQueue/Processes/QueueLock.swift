import FedCore
import Files
import Foundation

/// The right to be the queue of a results folder, held for as long as the object lives: two would start runs twice.
///
/// `flock(2)` on a file: the kernel releases it however the process ends.
final class QueueLock: Sendable {
    /// The open file.
    private let descriptor: Int32

    /// Takes the right.
    ///
    /// - Parameter folder: the queue's folder, which is there.
    /// - Throws: `ConfigurationError` when another process has it for longer than a killed one needs to be gone; `FileError`.
    init(_ folder: String) throws {
        let path = "\(folder)/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError("write", path) }
        let end = ContinuousClock.now + .seconds(2)
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            guard code == EWOULDBLOCK || code == EINTR, ContinuousClock.now < end else {
                close(descriptor)
                guard code == EWOULDBLOCK || code == EINTR else { throw FileError("lock", path, code: code) }
                throw ConfigurationError("another process has the queue of '\(Folder.above(folder).printable)'")
            }
            usleep(20_000)
        }
    }

    deinit { close(descriptor) }
}
