package import MPI
import Records
package import Runtime

/// The ranks that do one run at a time: the first is their leader and each run's server, the others are its clients.
///
/// Every rank of the sweep makes the object of its own group. Groups are neighbours in the order of ranks, so that they
/// share a host where they can, and they differ in size by one rank at most. Each group has its own communicator, so
/// that no message of one run can reach another.
package final class SweepGroup {
    /// The leader's rank in the world.
    package let leader: Int
    /// The ranks of all groups' leaders in the world, ascending; the first is rank 0, which also keeps the queue.
    package let leaders: [Int]
    /// The number of ranks in the smallest group and in the largest.
    package let sizes: ClosedRange<Int>
    /// The ranks of this group in the world, without its leader.
    let clients: [Int]
    /// All ranks of the group, the leader as rank 0.
    private let ranks: any Communicator
    /// This rank by itself, for runs after a loss. It is made at the start, because a communicator cannot be made
    /// together with a rank that is dead.
    private let alone: any Communicator
    /// What the kernel says of the group's processes on this host; tells a dead rank from a slow one.
    private let processes: ProcessTable
    /// Raised when the sweep is asked to stop.
    private let stop: StopFlag
    /// Whether a rank of this group was lost. The leader then does further runs alone, to the same weights: a run's
    /// digest does not depend on the number of ranks.
    var hasLostRanks = false

    /// Splits the world into groups. Collective over the world: two splits, and an exchange of process numbers.
    ///
    /// - Parameters:
    ///   - world: all ranks of the job.
    ///   - groups: their number, at least 1 and at most the number of ranks; the same on every rank.
    ///   - stop: raised when the sweep is asked to stop.
    /// - Throws: `MPIError`.
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

    /// The number of groups for a sweep; rank 0 decides, and broadcasts it.
    ///
    /// By default a group has as few ranks as keep all ranks busy, because a rank that does runs by itself waits for
    /// nobody: 12 ranks do 40 runs in 12 groups of one, and 5 runs in 6 groups of two.
    ///
    /// - Parameters:
    ///   - ranks: ranks of the job.
    ///   - runs: runs that are still to be done.
    ///   - ranksPerRun: ranks in each group, at least 1; nil chooses as above.
    ///   - clients: the largest number of clients of any run; a group with more client ranks than that would leave some
    ///     idle.
    /// - Returns: at least 1.
    package static func count(ranks: Int, runs: Int, ranksPerRun: Int?, clients: Int) -> Int {
        let size = ranksPerRun.map { min($0, ranks) } ?? max(1, min(ranks / max(1, runs), clients + 1))
        return max(1, ranks / size)
    }

    /// Opens the channel of the next run.
    ///
    /// Each run has a communicator of its own, so that a late message of one run cannot be taken for one of the next.
    /// Collective over the group; after a loss it is the leader's alone.
    ///
    /// - Throws: `MPIError`.
    func open() throws -> RunChannel {
        let base = hasLostRanks ? alone : ranks
        return RunChannel(try base.duplicate(), stop: stop) { [processes] in processes.state(of: $0) }
    }
}

/// A communicator for one run, which remembers the duplicates made from it, to free them all once they are empty.
///
/// A run may end with messages that nobody has received, such as a last ping. MPI gives a freed communicator's number
/// to the next one, whose receives such a message would then match. So each channel is emptied behind a marker message
/// (``settle()``) before it is freed, or, after a loss, neither emptied nor freed (``abandon()``). All transfers are
/// forwarded unchanged.
final class RunChannel: ForwardingCommunicator {
    /// The communicator that transfers go over.
    let base: any Communicator
    private let stop: StopFlag
    /// What can be seen of a rank's process.
    private let state: (_ rank: Int) -> ProcessState
    /// Duplicates that the run has made, such as the control channel.
    private var copies: [any Communicator] = []

    /// The tag of the marker, the last message from each peer; no run uses it.
    private static let lastTag = 32_000
    /// Nanoseconds of silence after which a peer counts as lost. All others have said by then that they are done with
    /// the run.
    private static let patience = 10_000_000_000

    /// Wraps a communicator; sends and receives nothing.
    ///
    /// - Parameters:
    ///   - base: a communicator that is not used elsewhere; the channel frees or abandons it.
    ///   - stop: ends the wait for the others' markers.
    ///   - state: what can be seen of a rank's process, given its rank in `base`.
    init(
        _ base: any Communicator, stop: StopFlag, state: @escaping (_ rank: Int) -> ProcessState = { _ in .unseen }
    ) {
        self.base = base
        self.stop = stop
        self.state = state
    }

    /// Duplicates the base and remembers the copy, to empty and free it with the rest. What is split off is not remembered: who asks
    /// for it frees it; and ``free()`` frees the base alone.
    func duplicate() throws(MPIError) -> any Communicator {
        let copy = try base.duplicate()
        copies.append(copy)
        return copy
    }

    /// Receives what nobody has received, and frees the base and all copies; the last use of the channel. Collective:
    /// all ranks are done with the run.
    ///
    /// - Returns: false when a rank did not answer; then nothing is freed, and the channel counts as abandoned.
    /// - Throws: `Interruption` when the sweep is asked to stop; `MPIError`.
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

    /// Leaves the base and all copies as they are, unfreed, after a run that did not come to its end; the last use of
    /// the channel.
    ///
    /// Freeing is collective and would wait for the dead. What is leaked are a few communicators of a job that ends
    /// soon.
    func abandon() {
        for communicator in [base] + copies { communicator.abandon() }
    }

    /// Receives everything up to the markers of this rank's peers: the clients on the server, the server on a client.
    ///
    /// MPI keeps the order of messages between two ranks of a communicator, so there is none behind the marker. What
    /// may be left of a run that has come to its end are control messages, which are whole words of 8 bytes.
    ///
    /// - Returns: false when a peer's marker did not come.
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
