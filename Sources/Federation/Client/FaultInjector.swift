package import Records

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The faults of one rank.
package struct FaultInjector {
    private let faults: [Fault]

    package init(_ faults: [Fault], rank: Int) {
        self.faults = faults.filter { $0.rank == rank }
    }

    /// To be called at each phase of each round; does what was asked for there.
    package func reach(_ phase: Fault.Phase, round: Int) {
        for fault in faults where fault.round == round && fault.phase == phase {
            switch fault.kind {
            case .kill: raise(SIGKILL)
            case .stop: raise(SIGSTOP)
            case .delay: usleep(UInt32(fault.seconds * 1e6))
            case .nan, .corrupt: break
            }
        }
    }

    /// Whether an update of this round is to be spoilt this way.
    package func spoils(_ kind: Fault.Kind, round: Int) -> Bool {
        faults.contains { $0.kind == kind && $0.round == round }
    }
}
