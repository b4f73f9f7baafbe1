import MPI

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Where each rank runs. A rank of this host whose process has ended is known to be gone at once, without waiting for
/// its silence.
package struct ProcessTable: Sendable {
    /// The host of each rank.
    package let hosts: [String]
    /// The process of each rank that can be looked at from here.
    private let identifiers: [Int32?]

    /// Collective.
    package init(_ communicator: any Communicator) throws {
        let host = MPIWorld.hostName
        let texts = try communicator.allGatherText("\(getpid()) \(host)")
        let pairs = texts.map { $0.split(separator: " ", maxSplits: 1).map { String($0) } }
        hosts = pairs.map { $0.count == 2 ? $0[1] : "unknown" }
        // A rank in another process namespace cannot be looked at.
        identifiers = pairs.map { pair in
            guard pair.count == 2, pair[1] == host, let id = Int32(pair[0]), kill(id, 0) == 0 else { return nil }
            return id
        }
    }

    /// Whether the rank's process is known to have ended.
    package func isGone(_ rank: Int) -> Bool {
        identifiers[rank].map { kill($0, 0) == -1 && errno == ESRCH } ?? false
    }
}
