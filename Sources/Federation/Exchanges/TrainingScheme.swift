package import FedCore
package import MPI
package import Records
package import Runtime

/// How the clients of a run are trained: what goes down and comes up in a round, and who computes what. Everything else
/// of a run (cohorts, averaging, evaluation, records, checkpoints) is the same for all schemes.
///
/// There are two: ``WholeModelTraining`` here, and `SplitTraining`, whose clients hold a model's first layers only.
/// Each command that trains picks one; ``Session`` asks it for the server's exchange and for the client ranks' work.
package protocol TrainingScheme: Sendable {
    /// Refuses settings that are valid otherwise, but that this scheme cannot honour.
    /// - Throws: `ConfigurationError`.
    func validate(_ settings: RunSettings) throws(ConfigurationError)

    /// Refuses a job that this scheme cannot train; by default none.
    /// - Throws: `ConfigurationError`.
    func validate(_ job: Job) throws(ConfigurationError)

    /// The exchange of a process without other ranks.
    func localExchange(_ context: ServerContext) throws -> any Exchange

    /// The exchange on rank 0, with client ranks.
    /// - Parameters:
    ///   - context: the job and its server-side parts.
    ///   - channels: what connects the ranks.
    ///   - pool: the workers, and who of them lives.
    func exchange(
        _ context: ServerContext, _ channels: Channels, _ pool: WorkerPool
    ) throws -> any Exchange

    /// The work of a client rank.
    /// - Parameters:
    ///   - job: the same job as on rank 0.
    ///   - channels: what connects the ranks.
    ///   - contact: answers the server.
    func clientWork(_ job: Job, _ channels: Channels, contact: ServerContact) throws -> any ClientWork
}

extension TrainingScheme {
    package func validate(_ job: Job) throws(ConfigurationError) {}
}

/// What a client rank does from the first round to the last.
package protocol ClientWork: AnyObject {
    /// Whether a rank was lost: `MPI_Finalize` would wait for it for ever.
    var hasLostRanks: Bool { get }

    /// Works until the run is over.
    func run() throws
}

/// What connects the ranks of a run: two communicators over the same ranks, so that messages about who is alive never
/// meet those of the work.
package struct Channels {
    /// The communicator of collectives, and of messages of an exchange's own; behind a simulated link on client ranks,
    /// if one is asked for.
    package let communicator: any Communicator
    /// The communicator of pings, reports, orders and states, and of what the sides tell each other of their lives.
    package let control: any Communicator
    /// This rank's time.
    package let timekeeper: Timekeeper
    /// The communicator by which clocks are aligned: all ranks'.
    let clock: any Communicator
    /// What else a rank of a run with edges knows; nil without edges.
    let edges: EdgePlace?

    /// Joins what connects the ranks.
    init(
        _ communicator: any Communicator, control: any Communicator, _ timekeeper: Timekeeper,
        clock: (any Communicator)? = nil, edges: EdgePlace? = nil
    ) {
        self.communicator = communicator
        self.control = control
        self.timekeeper = timekeeper
        self.clock = clock ?? control
        self.edges = edges
    }
}

/// Clients train whole models on their own: federated learning as McMahan et al. 2017 describe it. Synchronous or, with
/// an asynchronous strategy, without rounds.
public struct WholeModelTraining: TrainingScheme {
    /// Makes the scheme; it has no choices of its own, because the job says what is trained.
    public init() {}

    /// Refuses the settings of a model that is trained in two parts.
    package func validate(_ settings: RunSettings) throws(ConfigurationError) {
        guard settings.serverPart == nil else {
            throw ConfigurationError(
                "the settings are those of a model that is trained in two parts (server-part): use `fedmpi split-train`"
            )
        }
    }

    /// ``LocalExchange``, of edges where there are some, or an ``AsynchronousExchange`` over ``LocalWorkers``.
    package func localExchange(_ context: ServerContext) throws -> any Exchange {
        let (job, timeline) = (context.job, context.timeline)
        guard let strategy = job.asynchronous else {
            let exchange = try LocalExchange(job, context.states, stop: context.stop, timeline)
            return try job.edges.map { try EdgeExchange(job, $0, through: exchange, timeline) }
                ?? SecureExchange.over(exchange, job, resuming: context.resuming, timeline)
        }
        return try AsynchronousExchange(context, strategy, LocalWorkers(job, stop: context.stop, timeline))
    }

    /// ``WorkerExchange``, or an ``AsynchronousExchange`` over ``RankWorkers``.
    package func exchange(
        _ context: ServerContext, _ channels: Channels, _ pool: WorkerPool
    ) throws -> any Exchange {
        let job = context.job
        guard let strategy = job.asynchronous else {
            let exchange = try WorkerExchange(job, channels, context.states, pool)
            return job.edges == nil
                ? try SecureExchange.over(exchange, job, resuming: context.resuming, context.timeline) : exchange
        }
        return try AsynchronousExchange(context, strategy, RankWorkers(job, channels, pool))
    }

    /// A ``ClientLoop``; with edges, that of an edge's rank, or of one under it.
    package func clientWork(_ job: Job, _ channels: Channels, contact: ServerContact) throws -> any ClientWork {
        guard let edges = job.edges, let place = channels.edges else {
            return try ClientLoop(
                job, channels.communicator, control: channels.control, contact: contact, channels.timekeeper)
        }
        guard place.ranks.isUnderEdge(channels.clock.rank) else {
            return try Self.edgeWork(job, edges, channels, place, contact: contact)
        }
        guard let local = place.ranks.local, let control = place.ranks.localControl else {
            preconditionFailure("a rank under an edge has a communicator with it")
        }
        return try EdgeMember(job, edges, place, local, control: control, channels.timekeeper)
    }
}
