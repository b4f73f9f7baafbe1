public import FedCore
package import MPI

/// The messages of a rank, counted by MPI function and peer: calls, bytes in and out, time. One per rank, shared by the
/// communicator that counts, its duplicates and its parts; used from one thread. Memory: O(functions used · ranks).
///
/// The counts are what the program asked for, not what the library sends: a broadcast is one message from the root to
/// each member, whatever tree it goes through.
public final class MessageLedger {
    /// This rank; what has no peer is counted as its own.
    private let rank: Int
    /// Number of ranks.
    private let size: Int
    /// The counts of each function, by peer; empty for a function that was not used.
    private var rows: [[MessageCount]]

    /// An empty ledger of a rank.
    package init(rank: Int, size: Int) {
        self.rank = rank
        self.size = size
        rows = [[MessageCount]](repeating: [], count: MPIFunction.allCases.count)
    }

    /// What was counted, by function and peer; only what was used.
    public var counts: [MessageCount] { rows.joined().filter { $0.calls > 0 } }

    /// Counts what a transfer sends, and what it receives if that is known beforehand.
    ///
    /// A collective is counted as if its data went straight between root and member, whatever the library does inside.
    /// - Parameters:
    ///   - transfer: the transfer that is called.
    ///   - function: the MPI function that does it.
    ///   - members: the ranks of the communicator, by the ledger's numbers; nil for all.
    ///   - rank: this rank's number in the communicator; nil for the ledger's.
    /// - Returns: the peer whose entry the call's time belongs to.
    package func begin(
        _ transfer: Transfer, _ function: MPIFunction, among members: [Int]? = nil, rank own: Int? = nil
    ) -> Int {
        let (members, own) = (members ?? Array(0..<size), own ?? rank)
        func collect(root: Int, down: (Int) -> Int = { _ in 0 }, up: (Int) -> Int = { _ in 0 }) -> Int {
            self.collect(function, among: members, rank: own, root: root, down: down, up: up)
        }
        switch transfer {
        case .send(let region, let destination, _):
            // A rank that does not exist is the library's to refuse.
            guard members.indices.contains(destination) else { return rank }
            add(function, members[destination], bytesOut: region.byteCount)
            return members[destination]
        case .receive:
            return rank
        case .broadcast(let region, let root):
            return collect(root: root, down: { _ in region.byteCount })
        case .scatter(let send, let receive, let root):
            let part = root == own ? send.byteCount / members.count : receive.byteCount
            return collect(root: root, down: { _ in part })
        case .gather(let region, _, let root), .reduce(let region, _, let root):
            return collect(root: root, up: { _ in region.byteCount })
        case .gatherv(let region, _, let counts, let root):
            let width = region.datatype.byteCount
            return collect(root: root, up: { root == own ? counts[$0] * width : region.byteCount })
        case .barrier, .allReduce:
            add(function, rank)
            return rank
        }
    }

    /// Adds a call's time, rounded to microseconds.
    /// - Parameters:
    ///   - function: the MPI function.
    ///   - peer: what ``begin(_:_:)`` returned, or the source of a received message.
    ///   - nanoseconds: from the call to its completion.
    package func end(_ function: MPIFunction, _ peer: Int, nanoseconds: Int) {
        let microseconds = (nanoseconds + 500) / 1_000
        rows[function.rawValue][peer].total += microseconds
        rows[function.rawValue][peer].longest = max(rows[function.rawValue][peer].longest, microseconds)
    }

    /// Counts a received message, by its source and its real length.
    package func receive(_ function: MPIFunction, from source: Int, byteCount: Int) {
        add(function, source, bytesIn: byteCount)
    }

    /// Counts a collective with a root: the root what it moves to and from each member, and itself for the call.
    /// - Parameters:
    ///   - members: the ranks of the communicator, by the ledger's numbers.
    ///   - own: this rank's number in the communicator.
    ///   - down: bytes from the root to a member, by its number in the communicator.
    ///   - up: bytes from a member to the root, likewise.
    private func collect(
        _ function: MPIFunction, among members: [Int], rank own: Int, root: Int, down: (Int) -> Int, up: (Int) -> Int
    ) -> Int {
        guard members.indices.contains(root) else { return rank }
        if own == root {
            for member in members.indices where member != root {
                add(function, members[member], bytesOut: down(member), bytesIn: up(member))
            }
            add(function, rank)
        } else {
            add(function, members[root], bytesOut: up(own), bytesIn: down(own))
        }
        return members[root]
    }

    /// Adds one call to an entry; makes the function's row at its first use.
    private func add(_ function: MPIFunction, _ peer: Int, bytesOut: Int = 0, bytesIn: Int = 0) {
        if rows[function.rawValue].isEmpty {
            rows[function.rawValue] = (0..<size).map {
                MessageCount(
                    operation: function.name, peer: $0, calls: 0, bytesOut: 0, bytesIn: 0, total: 0, longest: 0)
            }
        }
        rows[function.rawValue][peer].calls += 1
        rows[function.rawValue][peer].bytesOut += bytesOut
        rows[function.rawValue][peer].bytesIn += bytesIn
    }
}

extension Transfer {
    /// Whether a rank of the communicator is the root of it and gets something from every other.
    func collects(at rank: Int) -> Bool {
        switch self {
        case .gather(_, _, let root), .gatherv(_, _, _, let root), .reduce(_, _, let root): root == rank
        case .send, .receive, .broadcast, .scatter, .barrier, .allReduce: false
        }
    }
}

/// The MPI function that does a transfer, in its blocking or its non-blocking form; cases that begin with `start` are
/// the latter (`MPI_Ibcast` for `startBroadcast`). The raw value is the function's row in the ledger.
package enum MPIFunction: Int, CaseIterable {
    case barrier, broadcast, gather, gatherv, scatter, reduce, allReduce, send, receive
    case startBarrier, startBroadcast, startGather, startGatherv, startScatter, startReduce, startAllReduce
    case startSend, startReceive

    /// The function of a transfer.
    package init(_ transfer: Transfer, isBlocking: Bool) {
        self =
            switch transfer {
            case .barrier: isBlocking ? .barrier : .startBarrier
            case .broadcast: isBlocking ? .broadcast : .startBroadcast
            case .gather: isBlocking ? .gather : .startGather
            case .gatherv: isBlocking ? .gatherv : .startGatherv
            case .scatter: isBlocking ? .scatter : .startScatter
            case .reduce: isBlocking ? .reduce : .startReduce
            case .allReduce: isBlocking ? .allReduce : .startAllReduce
            case .send: isBlocking ? .send : .startSend
            case .receive: isBlocking ? .receive : .startReceive
            }
    }

    /// Its name in the MPI standard.
    package var name: String {
        switch self {
        case .barrier: "MPI_Barrier"
        case .broadcast: "MPI_Bcast"
        case .gather: "MPI_Gather"
        case .gatherv: "MPI_Gatherv"
        case .scatter: "MPI_Scatter"
        case .reduce: "MPI_Reduce"
        case .allReduce: "MPI_Allreduce"
        case .send: "MPI_Send"
        case .receive: "MPI_Recv"
        case .startBarrier: "MPI_Ibarrier"
        case .startBroadcast: "MPI_Ibcast"
        case .startGather: "MPI_Igather"
        case .startGatherv: "MPI_Igatherv"
        case .startScatter: "MPI_Iscatter"
        case .startReduce: "MPI_Ireduce"
        case .startAllReduce: "MPI_Iallreduce"
        case .startSend: "MPI_Isend"
        case .startReceive: "MPI_Irecv"
        }
    }
}
