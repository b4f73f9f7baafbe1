import FedCore
import MPI
import Records
import Runtime

// The work of the ranks of a hierarchy but for rank 0: of an edge, and of a rank under one.
extension WholeModelTraining {
    /// The work of an edge's rank, between two communicators: towards the cloud it is a worker, whose `ServerContact` answers
    /// pings; towards the ranks under it, it is the server, whose `WorkerPool` finds who is lost. It is a ``ClientLoop`` towards the
    /// cloud whose training is that of the ranks under it.
    /// - Parameters:
    ///   - job: the same job as on rank 0.
    ///   - edges: what edges do.
    ///   - channels: those between cloud and edges.
    ///   - place: this rank's place in the hierarchy, with the communicators of the ranks under it.
    ///   - contact: answers the cloud.
    /// - Throws: as ``ClientLoop``; an error of oneDNN.
    static func edgeWork(
        _ job: Job, _ edges: EdgeTerms, _ channels: Channels, _ place: EdgePlace, contact: ServerContact
    ) throws -> ClientLoop {
        let timekeeper = channels.timekeeper
        var exchange: WorkerExchange?
        var pool: WorkerPool?
        if let communicator = place.ranks.local, let control = place.ranks.localControl {
            let members = place.ranks.members(of: place.worldControl.rank)
            let membership = Membership(
                control: control, stop: place.stop, timeout: .seconds(job.settings.failureTimeout),
                pingInterval: .milliseconds(200), hosts: members.dropFirst().map { place.processes.hosts[$0] },
                state: { place.processes.state(of: members[$0 + 1]) })
            membership.waitsForReturn = false
            let workers = WorkerPool(
                membership, workers: communicator.size - 1, dropsClients: job.settings.onFailure == .drop,
                timekeeper.timeline,
                faulted: { fault in
                    guard [.rankLost, .rankDropped].contains(fault.kind), let rank = fault.rank else { return }
                    // The cloud writes it down, and collectives are over for all: nobody can finalise MPI.
                    try? contact.noteLost(members[rank], round: fault.round)
                })
            pool = workers
            exchange = try WorkerExchange(
                job, Channels(communicator, control: control, timekeeper, clock: place.worldControl), nil, workers)
        }
        let work = try EdgeWork(
            job, edges, through: exchange, pool, contact: contact, stop: place.stop, timekeeper.timeline)
        return try ClientLoop(
            job, channels.communicator, control: channels.control, contact: contact, timekeeper, edge: work)
    }
}

/// The work of a rank under an edge: a ``ClientLoop`` towards the edge. When the edge is lost, the rank offers itself to the
/// cloud, and serves as an edge of its own from the next round on.
final class EdgeMember: ClientWork {
    private let job: Job
    private let edges: EdgeTerms
    private let place: EdgePlace
    private let timekeeper: Timekeeper
    private let loop: ClientLoop
    /// Whether the edge was lost.
    private var isOrphan = false

    /// Prepares the rank for its edge.
    /// - Parameters:
    ///   - job: the same job as on rank 0.
    ///   - edges: what edges do; needed when this rank becomes one.
    ///   - place: this rank's place, with all ranks' communicators.
    ///   - local: the edge, which is rank 0 there, and the ranks under it.
    ///   - control: the same ranks, for messages point to point.
    ///   - timekeeper: keeps this rank's time.
    /// - Throws: as ``ClientLoop``.
    init(
        _ job: Job, _ edges: EdgeTerms, _ place: EdgePlace, _ local: any Communicator, control: any Communicator,
        _ timekeeper: Timekeeper
    ) throws {
        (self.job, self.edges, self.place, self.timekeeper) = (job, edges, place, timekeeper)
        let edge = place.ranks.edgeOfRank[place.worldControl.rank]
        loop = try ClientLoop(
            job, local, control: control, contact: place.contact(to: edge, on: control, job.settings), timekeeper,
            faultsAs: place.worldControl.rank, clock: place.worldControl)
    }

    var hasLostRanks: Bool { isOrphan || loop.hasLostRanks }

    /// Works for the edge; and for the cloud, once the edge is lost.
    func run() throws {
        do {
            try loop.run()
        } catch is ServerLost {
            isOrphan = true
            let contact = place.contact(to: 0, on: place.worldControl, job.settings)
            let work = try EdgeWork(
                job, edges, through: nil, nil, contact: contact, stop: place.stop, timekeeper.timeline)
            let own = try ClientLoop(
                job, place.world, control: place.worldControl, contact: contact, timekeeper, edge: work)
            try contact.offer()
            try own.run()
        }
    }
}
