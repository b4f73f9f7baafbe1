package import MPI
package import Records

/// Where each rank runs, and what can be seen of its process. A rank of this host whose process has ended is known to be
/// gone at once, without waiting for its silence, and one that lives is known to live.
package struct ProcessTable: Sendable {
    /// The host of each rank.
    package let hosts: [String]
    /// What each rank says of its program, behind its host; empty for this program's own ranks.
    package let programs: [String]
    /// What each of this program's own ranks computes by.
    package let instructionSets: InstructionSets
    /// The processes that can be looked at from here, by rank. Ranks that are threads of one process tell nothing of
    /// themselves by it.
    private let processes: [ProcessIdentity?]

    /// Collective.
    ///
    /// - Parameter instructionSet: what this rank computes by, such as `avx2`; empty where that does not matter.
    package init(_ communicator: any Communicator, instructionSet: String = "") throws {
        let own = ProcessIdentity()
        // Behind a tab, so that it is no word: programs of others are told by words behind the host.
        let place = MPIWorld.hostName + (instructionSet.isEmpty ? "" : "\t\(instructionSet)")
        let texts = try communicator.allGatherText("\(own?.text ?? "- - - -") \(place)")
        let introductions = texts.map { $0.split(separator: " ", maxSplits: 4).map { String($0) } }
        // A host's name has no spaces.
        let places = introductions.map { ($0.count == 5 ? $0[4] : "unknown").split(separator: " ", maxSplits: 1) }
        let hostsAndSets = places.map {
            ($0.first ?? "unknown").split(separator: "\t", maxSplits: 1).map { String($0) }
        }
        hosts = hostsAndSets.map { $0.first ?? "unknown" }
        programs = places.map { $0.count > 1 ? String($0[1]) : "" }
        instructionSets = InstructionSets(hostsAndSets.map { $0.count > 1 ? $0[1] : "" })
        processes = introductions.map { words in
            guard let process = ProcessIdentity(words.prefix(4).joined(separator: " ")), process != own,
                process.place == ProcessIdentity.here
            else { return nil }
            return process
        }
    }

    /// What can be seen of a rank's process; unseen where it is on another host.
    package func state(of rank: Int) -> ProcessState { processes[rank]?.state ?? .unseen }

    /// Whether the rank's process is known to have ended.
    package func isGone(_ rank: Int) -> Bool { state(of: rank) == .ended }
}
