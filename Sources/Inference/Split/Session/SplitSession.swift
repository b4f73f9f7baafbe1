import FedCore
public import MPI
public import NeuralNet
public import Runtime

/// A device has lost its server and does not have the layers to go on alone (`--device-has front`).
public struct SplitServerLost: Error, CustomStringConvertible {
    /// Images of the device without a prediction.
    public let missing: Int
    /// All images of the device.
    public let images: Int

    public var description: String {
        "rank 0 is lost, and with it the layers behind the cut: \(missing) of \(images) images have no prediction; "
            + "with --device-has model a device goes on alone"
    }
}

/// Split inference over the ranks of a communicator: rank 0 is the server, the others are devices. A device runs the
/// layers before the cut on its images and sends what comes out; the server runs the rest and answers with the classes.
///
/// ```swift
/// // on every rank; settings and model on rank 0 only
/// let outcome = try SplitSession.run(settings, trained, on: world)
/// if let report = outcome.report { print(report.throughput) }
/// ```
public enum SplitSession {
    /// How the run ended for this rank.
    public struct Outcome {
        /// The run's report, on rank 0; when rank 0 is lost, on the first device that is left; nil elsewhere.
        public let report: SplitReport?
        /// Whether ranks were lost, so that finalising MPI would wait for ever.
        public let hasLostRanks: Bool
        /// Whether this rank has to end a job that has lost ranks. Ask again until the job is over: the rank that
        /// should do it may be lost, too.
        public let endsJob: () -> Bool
    }

    /// Runs the job that rank 0 was given. Collective: every rank calls it, and it blocks until the run is over. In
    /// order: settings and weights are shared, the cut is chosen, layers are compiled, stages are measured alone, and
    /// all start from a common barrier. From there on (`ready`) any rank may be lost without ending the run; before, an
    /// error on one rank ends the job.
    ///
    /// - Parameters:
    ///   - settings: On rank 0; nil on other ranks, which receive them.
    ///   - trained: The model on rank 0; nil on other ranks, which receive the layers they are to have.
    ///   - measures: Whether the stages and the link are measured alone, 0.5 s each, before the run, and predictions
    ///     compared with the unsplit model's after it.
    ///   - world: Two ranks at least.
    ///   - stop: Ends the run when it is raised; raise it on every rank.
    ///   - accepted: Called on rank 0 when it is known that the job can be done, before anything is measured. What it
    ///     throws is thrown on every rank.
    ///   - ready: Called on each rank when all are prepared; from here on the run can do without any one of them.
    ///   - released: Called on the rank that has all reports, when it has let the others go: from here on nobody could
    ///     do its part instead.
    ///   - dismissed: Called on each other rank, before it confirms that it has been let go: nobody misses it from
    ///     there on.
    ///   - note: Told of ranks that are lost, in words for a user, on the rank where it is noticed.
    /// - Returns: The outcome for this rank.
    /// - Throws: ``ConfigurationError``, the same on every rank; ``SplitServerLost``; `Interruption` when `stop` is
    ///   raised; other errors on the rank where they happen.
    public static func run(
        _ settings: SplitSettings?, _ trained: TrainedModel?, measures: Bool = true, on world: any Communicator,
        stop: StopFlag = StopFlag(), accepted: () throws -> Void = {}, ready: () -> Void = {},
        released: @escaping () -> Void = {}, dismissed: @escaping () -> Void = {},
        note: @escaping (String) -> Void = { _ in }
    ) throws -> Outcome {
        let job = try SplitJob(settings, trained, on: world, stop: stop)
        let problem = try world.agree { if job.isServer { try accepted() } }
        if let problem { throw problem }
        let communicator = try job.communicator()
        let (cut, cuts) = try chooseCut(job, communicator)
        let range = job.isServer ? cut..<job.model.layers.count : 0..<cut
        var weights = job.weights
        if job.settings.deviceHas == .front {
            let front = try job.share(job.weights, job.model.parameterRange(ofLayers: 0..<cut))
            if !job.isServer { weights = front }
        }
        let own = job.model.parameterRange(ofLayers: range)
        let isFrontOnly = !job.isServer && job.settings.deviceHas == .front
        guard let weights else { preconditionFailure("rank \(world.rank) has no weights") }
        let ladder = try job.ladder(
            range, isFrontOnly ? weights : Array(weights[own]),
            largest: job.isServer ? job.settings.maxBatch : job.settings.batch)
        let place = SplitPlace(
            job, cut: cut, cuts: cuts, ladder, weights, communicator, released: released, dismissed: dismissed,
            note: note)
        let alone = measures ? try StageMeasurement.run(place) : nil
        _ = try world.startBarrier().wait()
        ready()
        return job.isServer ? try place.serve(alone, verifies: measures) : try place.stream()
    }

    /// Takes the cut from the settings, or measures and lets rank 0 choose. Collective.
    ///
    /// - Returns: The cut on every rank; the table on rank 0, if it was measured.
    private static func chooseCut(
        _ job: SplitJob, _ communicator: any Communicator
    ) throws -> (cut: Int, table: CutTable?) {
        if let cut = try job.settings.cut(of: job.model) { return (cut, nil) }
        guard case .automatic(let objective) = job.settings.cut else { preconditionFailure("a cut that is not one") }
        let table = try CutMeasurement.table(
            job.model, job.settings, for: objective, hosts: job.processes.hosts, cores: job.cores, on: communicator)
        var choice = Buffer<Int64>(count: 1)
        if let table { choice[0] = Int64(table.best) }
        choice = try job.world.startBroadcast(choice, root: 0).wait()
        return (Int(choice[0]), table)
    }
}

/// A rank's place in the run: its part of the model, compiled, and whom it talks to. Rank 0 calls `serve`, the others
/// `stream`.
struct SplitPlace {
    /// What all ranks agree on.
    let job: SplitJob
    /// Index of the first layer on the server.
    let cut: Int
    /// The predictions that the cut was chosen by, on rank 0; nil if it was not measured.
    let cuts: CutTable?
    /// The layers before the cut on a device, those behind it on the server.
    let ladder: PlanLadder
    /// The whole model's parameters, or, on a device that has only its front, those of the layers before the cut.
    let weights: [Float]
    /// Carries features and answers; a simulated slow link, if there is one.
    let communicator: any Communicator
    /// Called when the other ranks have been let go.
    let released: () -> Void
    /// Called when this rank has been let go.
    let dismissed: () -> Void
    /// Told of ranks that are lost.
    let note: (String) -> Void

    init(
        _ job: SplitJob, cut: Int, cuts: CutTable?, _ ladder: PlanLadder, _ weights: [Float],
        _ communicator: any Communicator, released: @escaping () -> Void,
        dismissed: @escaping () -> Void, note: @escaping (String) -> Void
    ) {
        self.job = job
        self.cut = cut
        self.cuts = cuts
        self.ladder = ladder
        self.weights = weights
        self.communicator = communicator
        self.released = released
        self.dismissed = dismissed
        self.note = note
    }

    /// This rank of the job.
    var rank: Int { job.world.rank }

    /// Whether all layers are on the devices, so that nothing is sent.
    var isWhole: Bool { cut == job.model.layers.count }

    /// Starts to watch some ranks: sends them beats and judges by theirs, and by their processes, whether they are
    /// lost.
    func watch(_ peers: [Int]) -> PeerWatch {
        PeerWatch(
            peers, on: job.control, tag: SplitTag.beat, timeout: job.settings.failureTimeout,
            state: { job.processes.state(of: $0) })
    }
}
