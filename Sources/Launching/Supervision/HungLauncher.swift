import CProcess
import Foundation
import Records

/// Ends a launcher that hangs at its own end.
///
/// A process killed at the moment at which it connects to its launcher (within MPI_Init) leaves a released object in a list
/// of PMIx 4.2's server, and Open MPI's mpirun or orted waits for its lock for ever when it cleans up, all ranks gone.
enum HungLauncher {
    /// Cleaning up takes milliseconds.
    private static let patience = 5

    /// Leaves a process behind that looks after the launcher, this one's parent, whose job is over: a rank has failed before the
    /// rounds, this guardian's or another.
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

    private static func hasLivingChild(_ parent: pid_t) -> Bool {
        // Where the kernel does not say it, nothing is done.
        guard let children = Launch.children(of: parent) else { return true }
        return children.contains { ProcessState(of: $0) != .ended }
    }
}
