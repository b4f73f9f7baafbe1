import FedCore
import MPI
import Records
import Runtime

/// The ranks of a run with edges: rank 0 is the cloud, the ranks from 1 on are edges, as many as there are edges and ranks,
/// and all others train under one of them.
///
/// ```
/// cloud       rank 0 ── 1 ── 2 ── … ── E             the communicator of rounds of the run
/// edge e      rank e ── the ranks under it            one for each edge's rank, whose rank 0 it is
/// ```
///
/// A rank works under an edge of its own host, if there is one, and otherwise under the edge with the fewest. An edge without
/// ranks under it trains its clients itself; with fewer ranks than edges a rank serves several.
struct EdgeRanks {
    /// Number of ranks that are edges.
    let edgeCount: Int
    /// The edge's rank of every rank; 0 of rank 0, and an edge's own.
    let edgeOfRank: [Int]
    /// Rank 0 and the edges; nil on other ranks.
    let cloud: (any Communicator)?
    /// This rank's edge and the ranks under it; nil on rank 0, and where an edge is alone.
    let local: (any Communicator)?
    /// A duplicate of `local`, for messages about who is alive.
    let localControl: (any Communicator)?

    /// Makes the communicators. Collective.
    /// - Parameters:
    ///   - communicator: all ranks of the run, two at least.
    ///   - edges: the number of edges.
    ///   - hosts: the host of each rank.
    init(_ communicator: any Communicator, edges: Int, hosts: [String]) throws(MPIError) {
        let (rank, size) = (communicator.rank, communicator.size)
        edgeCount = min(edges, size - 1)
        edgeOfRank = Self.edges(edgeCount, hosts)
        cloud = try communicator.split(color: rank <= edgeCount ? 0 : nil, key: rank)
        let local = try communicator.split(color: rank == 0 ? nil : edgeOfRank[rank], key: rank)
        guard let local, local.size > 1 else {
            (self.local, localControl) = (nil, nil)
            return
        }
        self.local = local
        localControl = try local.duplicate()
    }

    /// The edge of each rank.
    static func edges(_ count: Int, _ hosts: [String]) -> [Int] {
        var edges = Array(0...count)
        var under = [Int](repeating: 0, count: count + 1)
        for rank in (count + 1)..<max(hosts.count, count + 1) {
            let near = (1...count).filter { hosts[$0] == hosts[rank] }
            let edge = (near.isEmpty ? Array(1...count) : near).min { (under[$0], $0) < (under[$1], $1) } ?? 1
            under[edge] += 1
            edges.append(edge)
        }
        return edges
    }

    /// Whether a rank trains under an edge.
    func isUnderEdge(_ rank: Int) -> Bool { rank > edgeCount }

    /// The ranks that `local` has on an edge's rank, the edge first.
    func members(of edge: Int) -> [Int] { edgeOfRank.indices.filter { $0 > 0 && edgeOfRank[$0] == edge } }

    /// Keeps the communicators for ever, after a rank was lost: freeing them may wait for it.
    func abandon() {
        cloud?.abandon()
        local?.abandon()
        localControl?.abandon()
    }
}

/// What a rank needs to know of a run with edges beside its own communicators.
struct EdgePlace {
    let ranks: EdgeRanks
    /// All ranks of the run, for collectives.
    let world: any Communicator
    /// All ranks of the run, for messages.
    let worldControl: any Communicator
    let processes: ProcessTable
    let stop: StopFlag
    /// Called before another rank is told that this one is let go.
    let released: () -> Void

    /// Contact to the cloud, or to this rank's edge.
    /// - Parameter server: the rank of the server among all.
    func contact(to server: Int, on control: any Communicator, _ settings: RunSettings) -> ServerContact {
        ServerContact(
            to: server, on: control, settings, processes, stop: stop, released: released)
    }
}

extension ServerContact {
    /// Contact to a server whose process is in the table.
    /// - Parameters:
    ///   - server: the server's rank among all.
    ///   - control: the communicator whose rank 0 the server is.
    ///   - settings: say how long it may be silent.
    ///   - released: called before the server is told that this rank is let go.
    convenience init(
        to server: Int, on control: any Communicator, _ settings: RunSettings, _ processes: ProcessTable,
        stop: StopFlag, released: @escaping () -> Void
    ) {
        self.init(
            control: control, stop: stop, patience: .seconds(Patience.server(settings.failureTimeout)),
            state: { processes.state(of: server) })
        whenReleased = released
    }
}
