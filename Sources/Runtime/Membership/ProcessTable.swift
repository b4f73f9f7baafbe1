package import MPI
package import Records

/// Where each rank runs, and what can be seen of its process. A rank of this host whose process has ended is known to be
/// gone at once, without waiting for its silence, and one that lives is known to live.
package struct ProcessTable: Sendable {
    /// The host of each rank.
    package let hosts: [String]
    /// The processes that can be looked at from here, by rank. Ranks that are threads of one process tell nothing of
    /// themselves by it.
    private let processes: [ProcessIdentity?]

    /// Collective.
    package init(_ communicator: any Communicator) throws {
        let own = ProcessIdentity()
        let texts = try communicator.allGatherText("\(own?.text ?? "- - - -") \(MPIWorld.hostName)")
        let words = texts.map { $0.split(separator: " ", maxSplits: 4).map { String($0) } }
        hosts = words.map { $0.count == 5 ? $0[4] : "unknown" }
        processes = words.map { words in
            guard let process = ProcessIdentity(words.prefix(4).joined(separator: " ")), process != own,
                process.place == ProcessIdentity.here
            else { return nil }
            return process
        }
    }

    package func state(of rank: Int) -> ProcessState { processes[rank]?.state ?? .unseen }

    /// Whether the rank's process is known to have ended.
    package func isGone(_ rank: Int) -> Bool { state(of: rank) == .ended }
}
