package import FedCore
package import MPI
package import Records
package import Runtime

/// How the clients of a run are trained: what goes down and comes up in a round, and who computes what. The rest of a run
/// (cohorts, averaging, evaluation, records, checkpoints) is the same for all.
package protocol TrainingScheme: Sendable {
    /// The stages and step hooks that the settings choose from.
    var stages: [any UpdateStage.Type] { get }
    var stepHooks: [any StepHook.Type] { get }

    /// - Throws: `ConfigurationError` when it cannot honour the settings, which are valid otherwise.
    func validate(_ settings: RunSettings) throws(ConfigurationError)

    /// - Throws: `ConfigurationError` when it cannot honour what the settings have become.
    func validate(_ job: Job) throws(ConfigurationError)

    /// For a process without other ranks.
    func localExchange(_ context: ServerContext) throws -> any Exchange

    /// For rank 0.
    func exchange(
        _ context: ServerContext, _ channels: Channels, _ pool: WorkerPool
    ) throws -> any Exchange

    /// For the other ranks.
    func clientWork(_ job: Job, _ channels: Channels, contact: ServerContact) throws -> any ClientWork
}

extension TrainingScheme {
    package var stages: [any UpdateStage.Type] { Stages.all }
    package var stepHooks: [any StepHook.Type] { StepHooks.all }
    package func validate(_ job: Job) throws(ConfigurationError) {}
}

/// What a client rank does from the first round to the last.
package protocol ClientWork: AnyObject {
    /// Whether a rank was lost, so that MPI cannot be finalised.
    var hasLostRanks: Bool { get }

    /// Returns when the run is over.
    func run() throws
}

/// What connects the ranks of a run.
package struct Channels {
    /// For collectives, and for messages of an exchange's own.
    package let communicator: any Communicator
    /// For messages between `Membership` and `ServerContact`, and for orders.
    package let control: any Communicator
    package let timekeeper: Timekeeper

    init(_ communicator: any Communicator, control: any Communicator, _ timekeeper: Timekeeper) {
        self.communicator = communicator
        self.control = control
        self.timekeeper = timekeeper
    }
}

/// Clients train whole models on their own: federated learning as it is.
public struct WholeModelTraining: TrainingScheme {
    package let stages: [any UpdateStage.Type]
    package let stepHooks: [any StepHook.Type]

    public init() {
        self.init(stages: Stages.all, stepHooks: StepHooks.all)
    }

    /// With other catalogs of stages and step hooks.
    package init(stages: [any UpdateStage.Type], stepHooks: [any StepHook.Type]) {
        self.stages = stages
        self.stepHooks = stepHooks
    }

    package func validate(_ settings: RunSettings) throws(ConfigurationError) {
        guard settings.serverPart == nil else {
            throw ConfigurationError(
                "the settings are those of a model that is trained in two parts (server-part): use `fedmpi split-train`"
            )
        }
    }

    package func localExchange(_ context: ServerContext) throws -> any Exchange {
        let (job, timeline) = (context.job, context.timeline)
        guard let strategy = job.asynchronous else {
            return try LocalExchange(job, context.states, stop: context.stop, timeline)
        }
        return try AsynchronousExchange(context, strategy, LocalWorkers(job, stop: context.stop, timeline))
    }

    package func exchange(
        _ context: ServerContext, _ channels: Channels, _ pool: WorkerPool
    ) throws -> any Exchange {
        let job = context.job
        guard let strategy = job.asynchronous else { return try WorkerExchange(job, channels, context.states, pool) }
        return try AsynchronousExchange(context, strategy, RankWorkers(job, channels, pool))
    }

    package func clientWork(_ job: Job, _ channels: Channels, contact: ServerContact) throws -> any ClientWork {
        try ClientLoop(
            job, channels.communicator, control: channels.control, contact: contact, channels.timekeeper)
    }
}
