import Foundation
import Records
import Runtime
import Synchronization

/// Ends a job in which a process stays stopped that has no guardian: rank 0, or a rank that was stopped (SIGSTOP) before it had
/// one. The others would wait for it in MPI_Init, or in a collective, for ever.
///
/// Everybody who waits looks at the processes that the same launcher has started on this host.
struct SiblingWatch {
    private let launcher: pid_t
    private let allowed: Double
    private var patience: [pid_t: StopPatience] = [:]

    /// - Parameter place: among the processes of this host; they come one after the other, so that one speaks.
    init(of launcher: pid_t, place: Int) {
        self.launcher = launcher
        allowed = StopPatience.whileNeeded + 2 * Double(place)
    }

    /// A process that has been stopped for too long; nil if there is none.
    /// - Parameters:
    ///   - phase: what this rank says of itself: whether it may be waiting for others.
    ///   - now: in seconds.
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

    static func message(of process: pid_t) -> String {
        "rank \(Launch.rank): process \(process) of this job has been stopped for \(Int(StopPatience.whileNeeded)) s while the "
            + "other ranks wait for it; the job ends"
    }

    // MARK: A rank without a guardian

    /// Whether the ranks have left what all of them take part in.
    private static let isOver = Atomic<Bool>(false)

    /// Looks each second, from a thread of its own, until the rounds begin.
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

    static func end() {
        isOver.store(true, ordering: .relaxed)
    }
}
