import Foundation
import Records
import Runtime
import Synchronization

/// Ends a job in which a process without a guardian stays stopped: rank 0, or a rank that was stopped (SIGSTOP) before
/// it had a guardian. The others would wait for it in MPI_Init or in a collective for ever.
///
/// Guardians, and ranks that watch for themselves because they have none (``start()``), look once a second at the
/// processes that the same launcher has started on their host.
struct SiblingWatch {
    /// The launcher, whose children are watched.
    private let launcher: pid_t
    /// Seconds that a process may be stopped before this watch speaks.
    private let allowed: Double
    /// How long each process has been stopped, by its number; only those that were seen stopped.
    private var patience: [pid_t: StopPatience] = [:]

    /// Makes a watch; looks at nothing yet.
    ///
    /// - Parameters:
    ///   - launcher: the parent of the processes to watch.
    ///   - place: the watcher's place on its host, from 0. Each place waits two seconds longer than the one before, so
    ///     that only one of them speaks.
    init(of launcher: pid_t, place: Int) {
        self.launcher = launcher
        allowed = StopPatience.whileNeeded + 2 * Double(place)
    }

    /// Looks at all processes of the launcher once.
    ///
    /// - Parameters:
    ///   - phase: what this rank last said of itself; only while it may be waiting for others is anything judged.
    ///   - now: monotonic time in seconds.
    /// - Returns: a process that has been stopped for too long; nil if there is none.
    mutating func look(_ phase: StopPatience.Phase, at now: Double) -> pid_t? {
        guard phase == .needed else {
            patience = [:]
            return nil
        }
        for sibling in Launch.children(of: launcher) ?? [] {
            // A guardian that is stopped holds nobody up.
            let isStopped = ProcessState(of: sibling) == .stopped && !Launch.isGuardian(sibling)
            guard isStopped || patience[sibling] != nil else { continue }
            if patience[sibling, default: StopPatience(whileNeeded: allowed)].look(
                isStopped: isStopped, phase, at: now) == .fail
            {
                return sibling
            }
        }
        return nil
    }

    /// The line that the user reads when the job is ended for this reason.
    static func message(of process: pid_t) -> String {
        "rank \(Launch.rank): process \(process) of this job has been stopped for \(Int(StopPatience.whileNeeded)) s while the "
            + "other ranks wait for it; the job ends"
    }

    // MARK: A rank without a guardian

    /// Whether the ranks have passed the collectives in which all of them take part; set by one thread, read by
    /// another.
    private static let isOver = Atomic<Bool>(false)

    /// Starts a thread that looks each second until ``end()``, and ends this process when another stays stopped.
    static func start() {
        let thread = Thread {
            var watch = SiblingWatch(of: getppid(), place: 0)
            while !isOver.load(ordering: .relaxed) {
                if let stopped = watch.look(.needed, at: Double(MonotonicClock.now) / 1e9) {
                    StandardError.write(message(of: stopped))
                    _exit(1)
                }
                sleep(1)
            }
        }
        thread.start()
    }

    /// Ends the watch of this process: the rounds have begun, in which the server judges who is silent.
    static func end() {
        isOver.store(true, ordering: .relaxed)
    }
}
