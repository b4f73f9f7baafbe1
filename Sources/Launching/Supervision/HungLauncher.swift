import CProcess
import Foundation
import Records

/// Ends a launcher that hangs at its own end, so that a failed job does not keep its terminal or its allocation.
///
/// A process killed at the moment at which it connects to its launcher (within MPI_Init) leaves a released object in a
/// list of PMIx 4.2's server. Open MPI's mpirun or orted then waits for that object's lock for ever when it cleans up,
/// although all ranks are gone.
enum HungLauncher {
    /// Seconds without a living child after which the launcher counts as hung; cleaning up takes milliseconds.
    private static let patience = 5

    /// Leaves a process behind that observes the launcher, and kills it when it has outlived all its children for too
    /// long.
    ///
    /// Called by a guardian when the job is over because a rank has failed while others needed it, its own or another.
    /// The process is in a session of its own and holds the launcher by a handle (pidfd), because its number may soon
    /// be another process's.
    ///
    /// - Parameter launcher: the parent of this process.
    static func watch(_ launcher: pid_t) {
        // Not by its number, which may be another's soon.
        let handle = process_open(launcher)
        guard handle >= 0, getppid() == launcher, process_fork() == 0 else { return }
        setsid()
        // The launcher also waits for the ends of the rank's output.
        process_close_all_except(handle)
        var seconds = 0
        var end = pollfd(fd: handle, events: Int16(POLLIN), revents: 0)
        while seconds < patience, poll(&end, 1, 1000) == 0 {
            seconds = hasLivingChild(launcher) ? 0 : seconds + 1
        }
        process_kill(handle)
        _exit(0)
    }

    /// Whether the launcher still has a child that has not ended. True where the kernel does not tell: then nothing is
    /// killed.
    private static func hasLivingChild(_ parent: pid_t) -> Bool {
        // Where the kernel does not say it, nothing is done.
        guard let children = Launch.children(of: parent) else { return true }
        return children.contains { ProcessState(of: $0) != .ended }
    }
}
