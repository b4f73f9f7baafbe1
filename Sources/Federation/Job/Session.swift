import Datasets
import Devices
import FedCore
import Foundation
public import MPI
public import NeuralNet
public import Records
public import Runtime

/// A training run over the ranks of a communicator: prepares every rank, has all agree that all could, and runs the
/// round loop on rank 0 and client work on the others. The entry point of this module.
///
/// ```swift
/// let printer = RoundPrinter()    // a RoundObserver
/// try Session.run(communicator.rank == 0 ? settings : nil, on: communicator, observers: { _ in [printer] })
/// ```
///
/// Alone in its communicator, rank 0 trains the clients itself, to the same bits.
public enum Session {
    /// Runs the job that rank 0 was given. Collective: every rank calls it.
    ///
    /// - Parameters:
    ///   - settings: the settings on rank 0; other ranks receive them.
    ///   - start: on rank 0, the weights that `settings.initialWeights` names, if they have been read; nil reads them.
    ///   - plugins: catalogs from which the settings choose; the same on every rank.
    ///   - state: on rank 0, the state to continue from; `settings` are then its own, but for `rounds`.
    ///   - stop: ends the run when it is raised; to be raised on every rank.
    ///   - communicator: the ranks of the run.
    ///   - timekeeper: keeps this rank's time; nil keeps none. With one on rank 0 there must be one on every rank.
    ///   - observers: makes rank 0's observers, once the settings are known to be sound.
    ///   - ready: called when all ranks are prepared; from here on the run can do without a client rank.
    ///   - released: called on a client rank that is let go, before it says that it knows; its end harms no other rank
    ///     from there on.
    /// - Returns: whether a rank was lost; MPI cannot be finalised then, because it would wait for the dead.
    /// - Throws: `ConfigurationError` on every rank alike when the settings cannot be honoured on some rank;
    ///   `Interruption` when `stop` is raised; other errors on the rank where they happen, which should then abort the
    ///   job.
    @discardableResult
    public static func run(
        _ settings: RunSettings?, from start: InitialWeights? = nil, plugins: Plugins = .standard,
        resuming state: RunState? = nil, stop: StopFlag = StopFlag(), on communicator: any Communicator,
        timekeeper: Timekeeper? = nil,
        observers: (Job) throws -> [any RoundObserver],
        ready: () -> Void = {}, released: @escaping () -> Void = {}
    ) throws -> Bool {
        try run(
            settings, by: WholeModelTraining(), from: start, plugins: plugins, resuming: state, stop: stop,
            on: communicator,
            timekeeper: timekeeper,
            observers: observers, ready: ready, released: released)
    }

    /// Runs a job whose clients are trained in another way; parameters not named here are those of the function above.
    /// - Parameter scheme: how clients are trained; the same on every rank.
    @discardableResult
    package static func run(
        _ settings: RunSettings?, by scheme: some TrainingScheme, from start: InitialWeights? = nil,
        plugins: Plugins = .standard,
        resuming state: RunState? = nil, stop: StopFlag = StopFlag(), on communicator: any Communicator,
        timekeeper: Timekeeper? = nil,
        observers: (Job) throws -> [any RoundObserver],
        ready: () -> Void = {}, released: @escaping () -> Void = {}
    ) throws -> Bool {
        let timekeeper = timekeeper ?? Timekeeper(communicator, isOn: false, sink: { _, _ in nil })
        let world = timekeeper.metered(communicator)
        let settings = try share(settings, over: world)
        let teacher = try shareTeacher(of: settings, plugins.models, over: world, timekeeper.timeline)
        let start = try shareStart(of: settings, start, over: world, timekeeper.timeline)
        let noiseKey = try shareNoiseKey(of: settings, over: world, timekeeper.timeline)
        let simulation = settings.simulation
        let linked: any Communicator =
            simulation.isReal && !simulation.link.isIdeal && world.rank > 0
            ? SlowLink(communicator, link: simulation.link) : communicator
        let (communicator, control) = (timekeeper.metered(linked), timekeeper.metered(try linked.duplicate()))
        let processes = try ProcessTable(communicator, instructionSet: OneDNNLibrary.instructionSet)
        let foreign = ForeignRanks(processes)
        // Ranks of another program, which refuse it below, have no part in making the groups.
        let tree =
            settings.topology == .flat || !foreign.isEmpty || communicator.size == 1
            ? nil : try TreeCommunicator(communicator, settings.topology)
        var isWhole = false
        defer { if !isWhole { tree?.abandonGroups() } }
        let edges =
            settings.edges == 0 || !foreign.isEmpty || communicator.size == 1
            ? nil : try EdgeRanks(communicator, edges: settings.edges, hosts: processes.hosts)
        defer { if !isWhole { edges?.abandon() } }
        let collectives = tree ?? edges?.cloud ?? communicator
        let channels = Channels(
            collectives, control: control, timekeeper,
            edges: edges.map {
                EdgePlace(
                    ranks: $0, world: communicator, worldControl: control, processes: processes, stop: stop,
                    released: released)
            })
        let declared = try foreign.declaration(settings, over: communicator)
        func makeJob() throws -> Job {
            try foreign.validate(settings, rank: communicator.rank)
            try scheme.validate(settings)
            var job = try Job(
                settings, teacher: teacher, start: start, foreign: try declared?.get(), plugins: plugins)
            (job.noiseKey, job.secureMaster, job.secureIdentities) = (noiseKey, master, identities)
            try scheme.validate(job)
            if !foreign.isEmpty { try job.validateForeign() }
            return job
        }
        let master = foreign.isEmpty ? try SecureMaster.share(settings, over: control) : nil
        let identities = foreign.isEmpty ? try SecureIdentities.share(settings, master, over: control) : nil
        // They are told of the job before they can say whether they can do their part.
        var prepared: Job?
        if !foreign.isEmpty {
            let problem = try communicator.agree(timekeeper.timeline) { prepared = try makeJob() }
            if let problem { throw problem }
            try foreign.describe(prepared, over: communicator)
        }
        // Each rank prepares for itself, at the same time; then all learn whether all could.
        var role: Role?
        let problem = try communicator.agree(timekeeper.timeline) {
            let job = try prepared ?? makeJob()
            if communicator.rank == 0 {
                role = .server(
                    try server(
                        job, by: scheme, channels, ranks: communicator.size, processes, resuming: state, stop: stop,
                        observers: { try observers(job) }))
            } else {
                let contact = ServerContact(
                    to: 0, on: control, settings, processes, stop: stop, released: released)
                role = .client(try scheme.clientWork(job, channels, contact: contact))
            }
        }
        if let problem { throw problem }
        try timekeeper.begin(on: communicator, control: control)
        defer { timekeeper.close() }
        ready()
        switch role {
        case .server(let loop):
            try loop.run(on: processes)
            isWhole = !loop.hasLostRanks
        case .client(let loop):
            try loop.run()
            isWhole = !loop.hasLostRanks
        case nil:
            preconditionFailure("every rank agreed, and this one has nothing to run")
        }
        return !isWhole
    }

    /// Prepares rank 0: files of states, membership, exchange, round loop. Makes observers late, because making them
    /// makes the run's folder.
    /// - Throws: `ConfigurationError` when the state is not of this job; errors of files.
    private static func server(
        _ job: Job, by scheme: some TrainingScheme, _ channels: Channels, ranks: Int, _ processes: ProcessTable,
        resuming state: RunState?, stop: StopFlag, observers: () throws -> [any RoundObserver]
    ) throws -> RoundLoop {
        try state?.validate(for: job)
        // Only now: making observers makes the run's folder.
        let observers = try observers()
        let (control, timekeeper) = (channels.control, channels.timekeeper)
        let context = ServerContext(
            job: job, states: try clientStates(job, resuming: state, in: timekeeper.folder),
            cohorts: try CohortSource(job, resuming: state), resuming: state, stop: stop, timeline: timekeeper.timeline)
        guard ranks > 1 else {
            return try RoundLoop(context, scheme.localExchange(context), ranks: 1, observers: observers)
        }
        let membership = Membership(
            control: control, stop: stop, timeout: .seconds(job.settings.failureTimeout),
            pingInterval: min(.seconds(1), observers.compactMap(\.progressInterval).min() ?? .seconds(1)),
            hosts: Array(processes.hosts.dropFirst()),
            elsewhere: (channels.edges?.ranks.edgeCount ?? ranks - 1)..<ranks - 1,
            state: { processes.state(of: $0 + 1) })
        let faulted = { (fault: FaultRecord) in for observer in observers { observer.faulted(fault) } }
        membership.whenSilent = { [unowned membership] worker, reason in
            faulted(FaultRecord(round: membership.round, kind: .rankSilent, rank: worker + 1, reason: reason))
        }
        let pool = WorkerPool(
            membership, workers: ranks - 1, dropsClients: job.settings.onFailure == .drop,
            timekeeper.timeline, faulted: faulted)
        membership.whenLostBelow = { [unowned pool] edge, rank, round in
            pool.noteLostBelow()
            faulted(
                FaultRecord(
                    round: round, kind: .rankLostBelow, rank: rank,
                    reason: "it worked under edge rank \(edge + 1), which has others do its work"))
        }
        return try RoundLoop(context, scheme.exchange(context, channels, pool), ranks: ranks, observers: observers)
    }

    /// The file of clients' states; nil when clients keep nothing.
    /// - Parameter folder: folder of the run; empty keeps the file as long as the run.
    private static func clientStates(
        _ job: Job, resuming state: RunState?, in folder: String
    ) throws -> ClientStates? {
        guard job.vectors.state > 0 else { return nil }
        return try ClientStates(floats: job.vectors.state, in: folder.isEmpty ? nil : folder, from: state?.clientStates)
    }

    /// What a rank runs when all have agreed.
    private enum Role {
        case server(RoundLoop)
        case client(any ClientWork)
    }

    /// Broadcasts rank 0's settings as JSON, in which NaN and infinity arrive as such, so that every rank refuses them.
    /// Collective.
    private static func share(_ settings: RunSettings?, over communicator: any Communicator) throws -> RunSettings {
        // Numbers that are none have to arrive: every rank refuses them.
        let (infinity, nan) = ("inf", "nan")
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: infinity, negativeInfinity: "-" + infinity, nan: nan)
        let encoded = communicator.rank == 0 ? try encoder.encode(settings) : Data()
        let bytes = try communicator.broadcastBytes(Array(encoded), root: 0)
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: infinity, negativeInfinity: "-" + infinity, nan: nan)
        return try decoder.decode(RunSettings.self, from: Data(bytes))
    }

    /// Makes the key of the noise on rank 0, and broadcasts it where clients draw noise. Collective.
    /// - Returns: the key; nil without differential privacy, and on ranks that have no use for it.
    /// - Throws: `ConfigurationError` on every rank when the file of the key cannot be used.
    private static func shareNoiseKey(
        of settings: RunSettings, over communicator: any Communicator, _ timeline: Timeline
    ) throws -> NoiseKey? {
        guard let privacy = settings.privacy else { return nil }
        var key: NoiseKey?
        let problem = try communicator.agree(timeline) {
            if communicator.rank == 0 { key = try NoiseKey(settings) }
        }
        if let problem { throw problem }
        guard privacy.isAtClients, communicator.size > 1 else { return key }
        return NoiseKey(bytes: try communicator.broadcastBytes(key?.bytes ?? [], root: 0))
    }

    /// Reads the initial weights on rank 0 and broadcasts them, so that only rank 0 needs the file. Collective.
    /// - Parameter given: the weights on rank 0, if somebody has read them already.
    /// - Returns: the weights; nil when the settings name none.
    /// - Throws: `ConfigurationError` on every rank when the file cannot be read.
    private static func shareStart(
        of settings: RunSettings, _ given: InitialWeights?, over communicator: any Communicator, _ timeline: Timeline
    ) throws -> InitialWeights? {
        guard let path = settings.initialWeights else { return nil }
        var start = given
        let problem = try communicator.agree(timeline) {
            if communicator.rank == 0, start == nil { start = try InitialWeights(reading: path) }
        }
        if let problem { throw problem }
        guard communicator.size > 1 else { return start }
        timeline.enter(.broadcast, peer: 0)
        defer { timeline.enter(.load) }
        let bytes = try communicator.broadcastBytes(start?.bytes ?? [], root: 0)
        timeline.note(
            bytesIn: communicator.rank == 0 ? 0 : bytes.count, bytesOut: communicator.rank == 0 ? bytes.count : 0)
        return try start ?? InitialWeights(bytes, path: path)
    }

    /// Reads the teacher on rank 0 and broadcasts its weights, once in a run, so that only rank 0 needs the file.
    /// Collective.
    /// - Returns: the teacher; nil when the settings name none.
    /// - Throws: `ConfigurationError` on every rank when the file cannot be read.
    private static func shareTeacher(
        of settings: RunSettings, _ models: Catalog<Architecture>, over communicator: any Communicator,
        _ timeline: Timeline
    ) throws -> TrainedModel? {
        guard let path = settings.teacher else { return nil }
        var teacher: TrainedModel?
        let problem = try communicator.agree(timeline) {
            if communicator.rank == 0 { teacher = try TrainedModel(reading: path, from: models) }
        }
        if let problem { throw problem }
        guard communicator.size > 1 else { return teacher }
        timeline.enter(.broadcast, peer: 0)
        defer { timeline.enter(.load) }
        let bytes = try communicator.broadcastBytes(try teacher?.model.described() ?? [], root: 0)
        let model = try models.model(described: bytes)
        var weights = Buffer<Float>(count: model.parameterCount)
        if let teacher { for i in 0..<weights.count { weights[i] = teacher.weights[i] } }
        weights = try communicator.startBroadcast(weights, root: 0).wait()
        let sent = 4 * weights.count
        timeline.note(bytesIn: teacher == nil ? sent : 0, bytesOut: teacher == nil ? 0 : sent)
        return teacher ?? TrainedModel(model, weights: weights.array())
    }
}
