import FedCore
public import MPI
public import NeuralNet
public import Runtime

/// A device without its server, and without the layers to go on alone.
public struct SplitServerLost: Error, CustomStringConvertible {
    /// Images without a prediction, and all.
    public let missing: Int
    public let images: Int

    public var description: String {
        "rank 0 is lost, and with it the layers behind the cut: \(missing) of \(images) images have no prediction; "
            + "with --device-has model a device goes on alone"
    }
}

/// Split inference over the ranks of a communicator: rank 0 is the server, the others are devices.
public enum SplitSession {
    /// How it ended for this rank.
    public struct Outcome {
        /// On rank 0; on the first device that is left, if rank 0 is lost.
        public let report: SplitReport?
        /// Ranks were lost: MPI cannot be finalised.
        public let hasLostRanks: Bool
        /// Whether it is this rank that has to end a job that has lost ranks; asked again, another may be lost.
        public let endsJob: () -> Bool
    }

    /// Runs the job that rank 0 was given. Collective: every rank calls it.
    ///
    /// - Parameters:
    ///   - settings: on rank 0; other ranks receive them.
    ///   - trained: on rank 0; other ranks receive the layers they are to have.
    ///   - measures: whether the stages and the link are measured alone, and the predictions compared to the unsplit
    ///     model's, on rank 0 when the run is over.
    ///   - stop: ends the run when it is raised.
    ///   - accepted: called on rank 0 when it is known that the job can be done, before anything is measured. What it throws
    ///     is thrown on every rank.
    ///   - ready: called when all ranks are prepared; from here on the run can do without any one of them.
    ///   - released: called on the rank that has all reports when it has let the others go: from here on nobody could do its
    ///     part instead.
    ///   - dismissed: called on the other ranks, before they say that they know: nobody misses them from there on.
    ///   - note: told, on the rank where it is noticed, of ranks that are lost.
    /// - Throws: `ConfigurationError` on every rank alike; `SplitServerLost`; `Interruption` when `stop` is raised; other errors
    ///   on the rank where they happen.
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

    /// Rank 0's choice, on all ranks. Collective.
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

/// A rank's place in the run: its part of the model, and whom it talks to.
struct SplitPlace {
    let job: SplitJob
    let cut: Int
    let cuts: CutTable?
    /// The layers before the cut on a device, those behind it on the server.
    let ladder: PlanLadder
    /// The whole model's, or those of the layers before the cut.
    let weights: [Float]
    let communicator: any Communicator
    /// To be called when the other ranks have been let go.
    let released: () -> Void
    /// To be called when this rank has been let go.
    let dismissed: () -> Void
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

    var rank: Int { job.world.rank }

    /// All layers are on the devices.
    var isWhole: Bool { cut == job.model.layers.count }

    func watch(_ peers: [Int]) -> PeerWatch {
        PeerWatch(
            peers, on: job.control, tag: SplitTag.beat, timeout: job.settings.failureTimeout,
            state: { job.processes.state(of: $0) })
    }
}
