package import Records

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The faults that `--inject` asks for on one rank, to test how a run gets over them: processes that are killed or
/// stopped, delays, spoilt updates. Does nothing, at no cost, where none is asked for.
///
/// ```
/// --inject kill:rank=3@round=2,phase=gather      rank 3 dies with its updates of round 2 trained and not sent
/// --inject delay:rank=1@round=4,seconds=20       rank 1 sleeps in round 4, and answers no ping meanwhile
/// ```
package struct FaultInjector {
    private let faults: [Fault]
    /// Whether each has happened: a round that is repeated, or of several turns, passes a phase more than once.
    private var areDone: [Bool]

    /// Keeps the faults of one rank.
    /// - Parameters:
    ///   - faults: all faults of the run.
    ///   - rank: this rank; the server, rank 0, has none.
    package init(_ faults: [Fault], rank: Int) {
        self.faults = faults.filter { $0.rank == rank }
        areDone = [Bool](repeating: false, count: self.faults.count)
    }

    /// Makes the process faults of a phase of a round. Called once at each phase; `kill` does not return, `stop`
    /// returns when the process is continued, `delay` after its seconds.
    package mutating func reach(_ phase: Fault.Phase, round: Int) {
        for (index, fault) in faults.enumerated() where fault.round == round && fault.phase == phase && !areDone[index]
        {
            areDone[index] = true
            switch fault.kind {
            case .kill: raise(SIGKILL)
            case .stop: raise(SIGSTOP)
            case .delay: usleep(UInt32(fault.seconds * 1e6))
            case .nan, .corrupt: break
            }
        }
    }

    /// Whether an update of this round is to be spoilt this way; the caller does it, because only it knows where the
    /// update lies.
    package func spoils(_ kind: Fault.Kind, round: Int) -> Bool {
        faults.contains { $0.kind == kind && $0.round == round }
    }
}
