package import MPI
import Records
package import Runtime

/// The ranks that do one run at a time. The first is their leader and each run's server.
///
/// Groups are neighbours in the order of ranks, so that they share a host where they can, and differ in size by one at
/// most.
package final class SweepGroup {
    /// Rank of the leader, in the world.
    package let leader: Int
    /// Ranks of all groups' leaders, in the world.
    package let leaders: [Int]
    /// How many ranks the smallest group has, and the largest.
    package let sizes: ClosedRange<Int>
    /// The others, in the world.
    let clients: [Int]
    private let ranks: any Communicator
    private let alone: any Communicator
    private let processes: ProcessTable
    private let stop: StopFlag
    /// Whether a rank was lost. The leader then goes on alone: it gets the same weights.
    var hasLostRanks = false

    /// Collective.
    package init(_ world: any Communicator, groups: Int, stop: StopFlag) throws {
        self.stop = stop
        func group(of rank: Int) -> Int { rank * groups / world.size }
        let own = group(of: world.rank)
        let members = (0..<world.size).filter { group(of: $0) == own }
        leaders = (0..<world.size).filter { $0 == 0 || group(of: $0) != group(of: $0 - 1) }
        let sizes = zip(leaders, leaders.dropFirst() + [world.size]).map { $1 - $0 }
        self.sizes = (sizes.min() ?? 1)...(sizes.max() ?? 1)
        guard let leader = members.first, let ranks = try world.split(color: own, key: world.rank),
            let alone = try world.split(color: world.rank, key: 0)
        else { preconditionFailure("every rank is in a group") }
        (self.leader, self.ranks, self.alone) = (leader, ranks, alone)
        processes = try ProcessTable(ranks)
        clients = Array(members.dropFirst())
    }

    /// How many groups there are to be.
    /// - Parameters:
    ///   - ranks: that there are.
    ///   - runs: that are to be done.
    ///   - ranksPerRun: nil takes as few as keep all ranks busy: a rank that does runs alone waits for nobody.
    ///   - clients: the most that a run has; more ranks could do nothing.
    package static func count(ranks: Int, runs: Int, ranksPerRun: Int?, clients: Int) -> Int {
        let size = ranksPerRun.map { min($0, ranks) } ?? max(1, min(ranks / max(1, runs), clients + 1))
        return max(1, ranks / size)
    }

    /// What a run's messages go over. Collective over the group, or the leader's own after a loss.
    func open() throws -> RunChannel {
        let base = hasLostRanks ? alone : ranks
        return RunChannel(try base.duplicate(), stop: stop) { [processes] in processes.state(of: $0) }
    }
}

/// A communicator for one run that remembers the duplicates made from it, to free them when they are empty.
///
/// A run may end with messages that nobody has received, such as a last ping. MPI gives a freed communicator's number
/// to the next one, whose receives such a message would then match.
final class RunChannel: Communicator {
    private let base: any Communicator
    private let stop: StopFlag
    private let state: (_ rank: Int) -> ProcessState
    private var copies: [any Communicator] = []

    private static let lastTag = 32_000
    /// All others have said that they are done. In nanoseconds.
    private static let patience = 10_000_000_000

    /// - Parameter state: what can be seen of a rank's process.
    init(
        _ base: any Communicator, stop: StopFlag, state: @escaping (_ rank: Int) -> ProcessState = { _ in .unseen }
    ) {
        self.base = base
        self.stop = stop
        self.state = state
    }

    var rank: Int { base.rank }
    var size: Int { base.size }

    func perform(_ transfer: Transfer) throws(MPIError) -> Status? { try base.perform(transfer) }
    func start(_ transfer: Transfer) throws(MPIError) -> any PendingTransfer { try base.start(transfer) }
    func probe(from source: Int?, tag: Int?) throws(MPIError) -> Status { try base.probe(from: source, tag: tag) }
    func iprobe(from source: Int?, tag: Int?) throws(MPIError) -> Status? { try base.iprobe(from: source, tag: tag) }

    func split(color: Int?, key: Int) throws(MPIError) -> (any Communicator)? {
        try base.split(color: color, key: key)
    }

    func duplicate() throws(MPIError) -> any Communicator {
        let copy = try base.duplicate()
        copies.append(copy)
        return copy
    }

    func createGroup(_ ranks: [Int], tag: Int) throws(MPIError) -> (any Communicator)? {
        try base.createGroup(ranks, tag: tag)
    }

    func free() throws(MPIError) { try base.free() }

    /// Receives what nobody has received, and frees everything; its last use. Collective: all ranks are done with the run.
    /// - Returns: false when a rank did not answer, and all is left as it is.
    /// - Throws: `Interruption` when the sweep is asked to stop.
    func settle() throws -> Bool {
        for communicator in [base] + copies {
            guard try empty(communicator) else {
                abandon()
                return false
            }
        }
        for communicator in [base] + copies { try communicator.free() }
        return true
    }

    /// Leaves everything as it is, after a run that did not come to its end; its last use.
    func abandon() {
        for communicator in [base] + copies { communicator.abandon() }
    }

    /// Messages between the server and a client are found in the order in which they were sent: behind the last one
    /// there is none. What may be left of a run that has come to its end are control messages, which are words.
    private func empty(_ communicator: any Communicator) throws -> Bool {
        let peers = rank == 0 ? Array(1..<size) : [0]
        for peer in peers {
            var request = try communicator.startSend(Buffer<Int64>(count: 1), to: peer, tag: Self.lastTag)
            _ = try request.test()
        }
        var liveness = Liveness(peers: size, timeout: Self.patience, leastQuestions: 0, at: MonotonicClock.now)
        for peer in peers {
            var isEmpty = false
            _ = try Backoff.default.wait { () throws in
                try stop.check()
                liveness.look(at: MonotonicClock.now)
                guard let status = try communicator.iprobe(from: peer, tag: nil) else {
                    return liveness.loss(of: peer, seeing: state(peer)) != nil
                }
                var words = Buffer<Int64>(count: (status.byteCount + 7) / 8)
                try communicator.receive(into: &words, from: peer, tag: status.tag)
                isEmpty = status.tag == Self.lastTag
                return isEmpty
            }
            guard isEmpty else { return false }
        }
        return true
    }
}
