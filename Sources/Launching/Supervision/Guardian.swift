import CProcess
import Foundation
import Runtime
import Synchronization

/// A process that lets a client rank be killed without ending the job.
///
/// Open MPI's launcher ends a job as soon as a process it has started dies by a signal; the one switch against that,
/// `orte_enable_recovery`, makes it return 0 whatever happens. So the process that the launcher has started stays
/// behind as a guardian, asleep, and its child is the rank. When the rank is killed while the others can do without it,
/// the guardian signs off for it through PMIx and exits with 0; any other end of the rank is the guardian's as well.
///
/// `Main` calls ``standGuard(sparesServer:)`` first of all. The rank then reports its phases through a pipe, by
/// ``noteRoundsBegin()``, ``noteRoundsEnd()`` and ``noteRelease()``, which do nothing where there is no guardian.
package enum Guardian {
    /// What becomes of this job when a client rank is killed.
    package enum Policy {
        /// There is no other rank.
        case oneProcess
        /// Open MPI's recovery is on: the launcher looks on, and returns 0 whatever happens.
        case recovery
        /// Guardians stand between the launcher and the client ranks: the job survives.
        case guarded
        /// The launcher ends the job, for this reason, which the header of a run shows.
        case fatal(because: String)
    }

    /// The policy of this job as this process sees it, from the launcher's environment and the libraries of this host.
    package static let policy: Policy = {
        let environment = ProcessInfo.processInfo.environment
        func isOn(_ name: String) -> Bool { environment[name].map { $0 != "0" } ?? false }
        guard Launch.isUnderLauncher else { return .oneProcess }
        guard let size = environment["OMPI_COMM_WORLD_SIZE"] else {
            return .fatal(because: "the launcher is not Open MPI's mpirun")
        }
        if size == "1" { return .oneProcess }
        if isOn("OMPI_MCA_orte_enable_recovery") { return .recovery }
        if environment["FEDMPI_GUARDIAN"] == "0" { return .fatal(because: "FEDMPI_GUARDIAN is 0") }
        // Either lets a rank exit with 0 that has not finalised MPI.
        if pmix_is_available() || isOn("OMPI_MCA_orte_allowed_exit_without_sync") { return .guarded }
        return .fatal(because: "there is no libpmix.so.2, and orte_allowed_exit_without_sync is not set")
    }()

    /// The rank's end of the pipe to its guardian; -1 without one. The last byte in it is the rank's phase.
    private static let pipeEnd = Atomic<Int32>(-1)

    /// Whether this process is a rank with a guardian over it.
    static var isOverThis: Bool { pipeEnd.load(ordering: .relaxed) >= 0 }

    /// Signals that a launcher or a person may send to the process whose number they know, which is the guardian.
    private static let passedOn = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2]

    /// Makes this process the guardian of the rank, which continues from here as its child.
    ///
    /// To be called before MPI is touched and before there are threads, because only the calling thread survives a
    /// fork. Rank 0 has no guardian unless told otherwise: without the server there is no job.
    ///
    /// - Parameter sparesServer: whether the clients can do without rank 0, too.
    package static func standGuard(sparesServer: Bool = false) {
        switch policy {
        case .oneProcess: return
        case .fatal:
            if Launch.rank == 0 { SiblingWatch.start() }
            return
        case .recovery: break
        case .guarded: if Launch.rank > 0 || sparesServer { becomeChild() }
        }
        if !isOverThis { SiblingWatch.start() }
        // Else MPI_Finalize waits for all ranks, and one that is killed in it would leave the others there. What they
        // would wait for has been said by then: the server has heard from each that it shuts down.
        setenv("OMPI_MCA_async_mpi_finalize", "1", 0)
    }

    /// Forks. Returns in the child; this process stays as its guardian and ends with it. Without a process to be had it
    /// returns in this process, as a rank without a guardian.
    ///
    /// The environment must be untouched until here: the guardian writes its name over it, for `ps` and `top`.
    private static func becomeChild() {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        // Blocked before the fork: neither the child's end nor anybody's signal may get lost.
        var signals = sigset_t()
        sigemptyset(&signals)
        for number in passedOn + [SIGCHLD] { sigaddset(&signals, number) }
        var formerMask = sigset_t()
        sigprocmask(SIG_BLOCK, &signals, &formerMask)

        let launcher = getppid()
        let guardian = getpid()
        let child = process_fork()
        if child > 0 {
            close(ends[1])
            process_rename("guardian", "guardian of rank \(Launch.rank), which is process \(child)")
            let reports = PhaseReports(ends[0])
            let status = wait(for: child, while: launcher, signals: signals, reports)
            let canBeSpared = reports.read() != .needed
            if status != 0, !canBeSpared { HungLauncher.watch(launcher) }
            end(like: status, canBeSpared: canBeSpared)
        }
        sigprocmask(SIG_SETMASK, &formerMask, nil)
        close(ends[0])
        if child < 0 {  // no process to be had: this one is the rank
            close(ends[1])
        } else if process_die_with_parent(guardian) {
            pipeEnd.store(ends[1], ordering: .relaxed)
        } else {
            _exit(1)
        }
    }

    /// Says that from here on the other ranks can do without this one.
    package static func noteRoundsBegin() {
        SiblingWatch.end()
        tell(.inRounds)
    }

    /// Says that the other ranks may wait for this one again: a sweep is between two runs, or they have been released
    /// and this one alone has the results.
    package static func noteRoundsEnd() {
        tell(.needed)
    }

    /// Says that nothing is expected of this rank any longer, so that its loss costs nobody anything.
    package static func noteRelease() {
        tell(.released)
    }

    /// Writes a phase into the pipe to the guardian, if there is one.
    private static func tell(_ phase: StopPatience.Phase) {
        let pipe = pipeEnd.load(ordering: .relaxed)
        var byte = phase.rawValue
        if pipe >= 0 { _ = write(pipe, &byte, 1) }
    }

    // MARK: The guardian's side

    /// Waits for the child's end, looking once a second and at each signal.
    ///
    /// Signals are passed on to the child. When the launcher has gone, the guardian ends, and the kernel ends the child
    /// with it. A child that stays stopped is killed where others would wait for it for ever.
    ///
    /// - Parameters:
    ///   - child: the rank's process.
    ///   - launcher: the process that was this one's parent at the start.
    ///   - signals: the signals to wait for, which are blocked.
    ///   - reports: the phases that the child reports.
    /// - Returns: the child's status as `waitpid` reports it.
    private static func wait(
        for child: pid_t, while launcher: pid_t, signals: sigset_t, _ reports: PhaseReports
    ) -> Int32 {
        var signals = signals
        var patience = StopPatience()
        var siblings = SiblingWatch(of: launcher, place: 1 + Launch.localRank)
        var isStopped = false
        var second = timespec(tv_sec: 1, tv_nsec: 0)
        while true {
            let signal = sigtimedwait(&signals, nil, &second)
            var status: Int32 = 0
            // What a debugger does to it is told to the debugger alone.
            while waitpid(child, &status, WNOHANG | WUNTRACED | WCONTINUED) == child {
                switch status & 0xff {
                case 0x7f: isStopped = true
                case 0xff: isStopped = false
                default: return status
                }
            }
            if getppid() != launcher { _exit(1) }
            if signal > 0, signal != SIGCHLD { kill(child, signal) }
            let (phase, now) = (reports.read(), Double(MonotonicClock.now) / 1e9)
            if let stopped = siblings.look(phase, at: now) {
                StandardError.write(SiblingWatch.message(of: stopped))
                kill(child, SIGKILL)
                HungLauncher.watch(launcher)
                _exit(1)
            }
            switch patience.look(isStopped: isStopped, phase, at: now) {
            case .none: break
            case .spare: kill(child, SIGKILL)
            case .fail:
                StandardError.write(
                    "rank \(Launch.rank): its process \(child) has been stopped for \(Int(StopPatience.whileNeeded)) s while "
                        + "the other ranks wait for it; the job ends")
                kill(child, SIGKILL)
                HungLauncher.watch(launcher)
                _exit(1)
            }
        }
    }

    /// Ends this process as the child has ended: with its code, or by its signal.
    ///
    /// - Parameters:
    ///   - status: the child's status as `waitpid` reports it.
    ///   - canBeSpared: whether a kill of the child is to look to the launcher like an end in good order.
    private static func end(like status: Int32, canBeSpared: Bool) -> Never {
        let signal = status & 0x7f
        if signal == 0 { _exit(status >> 8 & 0xff) }
        if signal == SIGKILL, canBeSpared {
            alarm(30)  // a launcher that does not answer
            _ = pmix_sign_off()
            _exit(0)
        }
        // The rank has left its core file, if it was to leave one.
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
        var nothing = sigset_t()
        sigemptyset(&nothing)
        sigprocmask(SIG_SETMASK, &nothing, nil)
        Glibc.signal(signal, SIG_DFL)  // Swift's runtime would tell of a crash a second time
        raise(signal)
        _exit(128 + signal)
    }
}
