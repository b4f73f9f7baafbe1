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
/// let outcome = try SplitInference.run(settings, trained, on: world)
/// if let report = outcome.report { print(report.throughput) }
/// ```
public enum SplitInference {
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
        let setup = try SplitSetup(settings, trained, on: world, stop: stop)
        let problem = try world.agree { if setup.isServer { try accepted() } }
        if let problem { throw problem }
        let communicator = try setup.communicator()
        let (cut, cuts) = try chooseCut(setup, communicator)
        let range = setup.isServer ? cut..<setup.model.layers.count : 0..<cut
        var weights = setup.weights
        if setup.settings.deviceHas == .front {
            let front = try setup.share(setup.weights, setup.model.parameterRange(ofLayers: 0..<cut))
            if !setup.isServer { weights = front }
        }
        let own = setup.model.parameterRange(ofLayers: range)
        let isFrontOnly = !setup.isServer && setup.settings.deviceHas == .front
        guard let weights else { preconditionFailure("rank \(world.rank) has no weights") }
        let plans = try setup.plans(
            range, isFrontOnly ? weights : Array(weights[own]),
            largest: setup.isServer ? setup.settings.maxBatch : setup.settings.batch)
        let place = SplitRank(
            setup, cut: cut, cuts: cuts, plans, weights, communicator, released: released, dismissed: dismissed,
            note: note)
        let alone = measures ? try StageMeasurement.run(place) : nil
        _ = try world.startBarrier().wait()
        ready()
        return setup.isServer ? try place.serve(alone, verifies: measures) : try place.stream()
    }

    /// Takes the cut from the settings, or measures and lets rank 0 choose. Collective.
    ///
    /// - Returns: The cut on every rank; the table on rank 0, if it was measured.
    private static func chooseCut(
        _ setup: SplitSetup, _ communicator: any Communicator
    ) throws -> (cut: Int, table: CutTable?) {
        if let cut = try setup.settings.cut(of: setup.model) { return (cut, nil) }
        guard case .automatic(let objective) = setup.settings.cut else { preconditionFailure("a cut that is not one") }
        let table = try CutMeasurement.table(
            setup.model, setup.settings, for: objective, hosts: setup.processes.hosts, cores: setup.cores,
            on: communicator)
        var choice = Buffer<Int64>(count: 1)
        if let table { choice[0] = Int64(table.best) }
        choice = try setup.world.startBroadcast(choice, root: 0).wait()
        return (Int(choice[0]), table)
    }
}

/// A rank's place in the run: its part of the model, compiled, and whom it talks to. Rank 0 calls `serve`, the others
/// `stream`.
struct SplitRank {
    /// What all ranks agree on.
    let setup: SplitSetup
    /// Index of the first layer on the server.
    let cut: Int
    /// The predictions that the cut was chosen by, on rank 0; nil if it was not measured.
    let cuts: CutTable?
    /// The layers before the cut on a device, those behind it on the server.
    let plans: BatchPlans
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
        _ setup: SplitSetup, cut: Int, cuts: CutTable?, _ plans: BatchPlans, _ weights: [Float],
        _ communicator: any Communicator, released: @escaping () -> Void,
        dismissed: @escaping () -> Void, note: @escaping (String) -> Void
    ) {
        self.setup = setup
        self.cut = cut
        self.cuts = cuts
        self.plans = plans
        self.weights = weights
        self.communicator = communicator
        self.released = released
        self.dismissed = dismissed
        self.note = note
    }

    /// This rank of the job.
    var rank: Int { setup.world.rank }

    /// Whether all layers are on the devices, so that nothing is sent.
    var isWhole: Bool { cut == setup.model.layers.count }

    /// Starts to watch some ranks: sends them beats and judges by theirs, and by their processes, whether they are
    /// lost.
    func watch(_ peers: [Int]) -> PeerWatch {
        PeerWatch(
            peers, on: setup.control, tag: SplitTag.beat, timeout: setup.settings.failureTimeout,
            state: { setup.processes.state(of: $0) })
    }
}
