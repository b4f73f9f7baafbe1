public import Aggregation
public import Datasets
import Devices
public import FedCore
public import NeuralNet
public import Records
public import Selection
import Strategies

/// The settings turned into what a rank works with: model, data, partition, strategy, aggregation, stages. Every rank
/// builds its own from the broadcast settings, and all are alike, so that whatever follows from a job (lengths of
/// messages, who holds what, who attacks) is never sent.
///
/// Building one checks that the settings go together; afterwards a job is a constant. Memory: the data set, mapped or
/// made, and O(samples) for the partition.
///
/// ```swift
/// let job = try Job(settings)
/// print(job.model.parameterCount, job.partition.count(of: 0))
/// ```
public struct Job: Sendable {
    /// The settings, valid.
    public let settings: RunSettings
    /// The model that clients train; where they exchange scores, the consensus in its place.
    public let model: Model
    /// Keys of the parameters that the file of initial weights is not for, and that were drawn from the seed.
    public let drawnParameters: [String]
    /// What clients learn from beside their labels; nil when nothing.
    let distillation: Distillation?
    /// The model that clients learn from; nil when labels are all.
    public var teacher: TrainedModel? { distillation?.teacher }
    /// Training and test split, with the answers that the loss takes.
    public let data: DatasetPair
    /// The samples that each client trains on.
    public let partition: Partition
    /// The samples that each client holds out to test on: none, unless `--client-test` asks for some. Of a model that
    /// only other programs can run it is the test set, in parts that have clients' numbers.
    public let clientTest: Partition
    /// The federated algorithm, as it is before the first round.
    public let strategy: any Strategy
    /// The rule that draws cohorts, as it is before the first round.
    public let selection: any SelectionRule
    /// What a selection rule may know of the clients.
    let federation: FederationView
    /// Whether client ranks of another program, which run the model, name its classes.
    private let namesClasses: Bool
    /// Lengths of everything that crosses.
    let vectors: JobVectors
    /// The models of clients that train parts of the global one; nil where all train all of it.
    public let submodels: Submodels?
    /// The models of clients that exchange class scores; nil where they exchange weights.
    public let scores: ScoreModels?
    /// The stages between a client's trained weights and the server's new ones, in the order of the client halves.
    let stages: [any UpdateStage]
    /// The hooks within each step of local training, in their order.
    let stepHooks: [any StepHook]
    /// The wire that brings clients' updates up.
    let wire: any Wire.Type
    /// Weights and bounds of a round's sum.
    let terms: UpdateTerms
    /// What encodes clients' updates for the way up; nil when they cross as they are.
    let compression: UpdateCompression?
    /// How weights go down in coded form; nil when they go down as they are.
    let downlink: DownlinkFormat?
    /// The random changes of pictures in local training; nil when they stay as they are.
    let augmentation: Augmentation?
    /// The loss of local training, where no teacher has another.
    let loss: Loss
    /// What the model learns.
    var task: LearningTask { data.train.task }
    /// The optimizer of local training, at `--lr`.
    let optimizer: Optimizer
    /// The schedule of the clients' learning rate.
    let schedule: LearningRateSchedule
    /// The rule that makes one update of a round's, as it is before the first round.
    public let aggregation: any RobustAggregation
    /// What the attackers do; nil without attackers.
    let attack: (any Attack)?
    /// Numbers of the clients that attack, drawn from the seed.
    let attackers: Set<Int>
    /// How updates are clipped and noise is added; nil without differential privacy.
    let privacy: PrivacyTerms?
    /// How samples' gradients are clipped and get noise; nil without DP-SGD.
    let samplePrivacy: SamplePrivacy?
    /// The key of the noise; nil without differential privacy, and on ranks that have no use for it.
    var noiseKey: NoiseKey?
    /// How vectors are masked; nil without secure aggregation.
    let secure: SecureTerms?
    /// The secret that clients' secrets follow from; nil without secure aggregation, and on ranks that have no use for it.
    var secureMaster: SecureMaster?
    /// The public keys of the clients' signatures; nil where keys are not signed.
    var secureIdentities: SecureIdentities?
    /// The canaries that an audit plants; nil in all other runs.
    let canaries: CanaryRecord?
    /// The edges between clients and server; nil without any.
    let edges: EdgeTerms?
    /// The simulated devices of the clients; nil without a fleet.
    package let fleet: FleetTerms?
    /// The training samples that the server keeps for itself; empty unless the aggregation trusts an update of its own.
    let root: [UInt32]

    /// Opens the data, partitions them, and makes every part, checking that all go together.
    ///
    /// - Parameters:
    ///   - settings: the run's settings.
    ///   - teacher: the model that the settings name as teacher; nil reads it from its file.
    ///   - start: the weights that the settings name to start from; nil reads them from their file.
    ///   - foreign: the data of client ranks of another program, where only they can run the model.
    ///   - plugins: catalogs from which the settings choose.
    /// - Throws: `ConfigurationError` or `DatasetError` when the settings cannot be honoured; one line for the user.
    /// - Complexity: O(samples), and reading the data.
    public init(
        _ settings: RunSettings, teacher: TrainedModel? = nil, start: InitialWeights? = nil,
        foreign: ForeignClients? = nil,
        plugins: Plugins = .standard
    ) throws {
        try settings.validate()
        try foreign?.validate(settings)
        var settings = settings
        if foreign != nil { settings.dataset = ForeignSamples.choice }
        wire = try plugins.wires.entry(named: settings.wire)
        try Self.checkTopology(settings, wire, plugins)
        self.settings = settings
        schedule = try settings.learningRateSchedule
        if foreign == nil, ExternalModel.path(in: settings.model) != nil {
            throw ConfigurationError(
                "model '\(settings.model.printable)' is run by client ranks of another program, and there are none")
        }
        var data: DatasetPair
        let all: Partition
        let brought = foreign?.data
        if let brought {
            (data, all) = (brought.pair, brought.training)
        } else {
            (data, all) = try Self.openPartitioned(settings, plugins)
        }
        if let text = settings.normalize {
            data = data.normalized(by: try Normalization(text, for: data.train))
        }
        loss = try Self.loss(settings, data.train.task)
        if loss == .binary, data.train.task == .classes(2) { data = data.withBinaryTargets }
        self.data = data
        let architecture = try Self.architecture(settings, foreign, DataForm(data.train), plugins)
        let (started, drawn) = try Self.starting(architecture, from: start, settings)
        namesClasses = foreign.map { $0.classes > 0 } ?? true
        distillation = try Distillation(
            settings, teacher, student: started, plugins.models, normalization: data.train.normalization)
        strategy = try plugins.strategies.named(settings.strategy, settings.strategyOptions)
        var scores = try ScoreModels(settings, strategy, started)
        (model, drawnParameters) = (scores?.consensus ?? started, drawn)
        optimizer = try Self.optimizer(settings, strategy)
        try Self.checkFleet(settings, isAsynchronous: strategy.asynchronous != nil)
        var submodels = try Self.submodels(settings, strategy, model, plugins)
        fleet = try settings.fleet.map { [model, submodels, scores, optimizer] text throws(ConfigurationError) in
            try FleetTerms(
                settings, text, submodels?.models ?? scores?.models ?? [model],
                widths: (submodels?.clients ?? scores?.clients)?.widths ?? [1], moments: optimizer.moments)
        }
        submodels?.fleet = fleet
        scores?.fleet = fleet
        self.submodels = submodels
        var vectors = try JobVectors(
            model.parameterLayout, strategy, ownFloats: scores?.stateFloats ?? 0,
            privateNumbers: ServerPrivacy.extraNumbers(settings))
        if vectors.state > 0 { try plugins.checkClientStates(of: "strategy '\(settings.strategy)'", settings) }
        if settings.localSteps != nil, strategy.localWork == .fullBatchStep {
            throw ConfigurationError(
                "strategy '\(settings.strategy)' takes one step a round, along the gradient of all samples: --local-steps "
                    + "is not for it")
        }
        if let asynchronous = strategy.asynchronous {
            try settings.validate(for: asynchronous, plugins)
            precondition(strategy.traffic == StrategyTraffic(), "an asynchronous strategy has no traffic of its own")
        }
        downlink = try Self.downlink(settings, strategy, vectors, plugins)
        let codec = try Self.codec(settings, wire, strategy, vectors, plugins)
        compression = (codec ?? self.submodels.map { SubmodelCodec(submodels: $0) }).map { [vectors] in
            vectors.compression(by: $0, seed: settings.seed)
        }
        augmentation = try Self.augmentation(settings, strategy, data.train.shape)
        attack = try Self.attack(settings, data.train, plugins)
        attackers = Self.attackers(settings)
        var setup = StageSetup(
            settings, strategy: strategy, layout: vectors.layout, attack: attack, attackers: attackers,
            image: data.train.shape, classes: data.train.classes)
        setup.compression = compression
        canaries = plugins.canaries
        setup.canaries = canaries
        stages = try plugins.stages.all.compactMap { try $0.init(setup) }
        stepHooks = try plugins.stepHooks.all.compactMap { try $0.init(setup) }
        for stage in stages where stage.clientVectors > 0 {
            try plugins.checkClientStates(of: "stage '\(type(of: stage).name)'", settings)
            if strategy.asynchronous != nil {
                throw ConfigurationError(
                    "stage '\(type(of: stage).name)' keeps a state for each client, which strategy "
                        + "'\(settings.strategy)', whose server waits for no round, does not carry")
            }
        }
        vectors.add(stages)
        self.vectors = vectors
        var edges = try EdgeTerms(settings, strategy, vectors, plugins)
        aggregation = try Self.aggregation(
            settings, updates: strategy.asynchronous?.bufferSize ?? edges?.count ?? settings.cohortSize, under: attack,
            plugins)
        var whole: Partition
        let unshared = try scores?.reserve(from: all, settings) ?? all
        self.scores = scores
        (whole, root) = try Self.reserve(aggregation.rootSamples, of: unshared, settings, vectors)
        if edges != nil { whole = try edges?.reserve(from: whole, seed: settings.seed, settings) ?? whole }
        self.edges = edges
        let nothing = brought?.test ?? Partition(owners: [], clients: whole.clients)
        (partition, clientTest) =
            settings.clientTest > 0 && brought == nil
            ? whole.holdingOut(settings.clientTest, seed: settings.seed) : (whole, nothing)
        privacy = try PrivacyTerms(settings, floats: vectors.sharedCount)
        let sizes = (0..<settings.clients).map { [partition] in partition.count(of: $0) }
        samplePrivacy = try SamplePrivacy(settings, turns: edges?.turns ?? 1, sizes: sizes)
        var terms = try UpdateTerms(
            strategy, vectors, settings, isUnweighted: privacy != nil,
            samplesHeld: { [partition] in partition.count(of: $0) })
        terms.hidesReports = settings.secureAggregation
        self.terms = terms
        let places = compression?.sharedPlaces(of: vectors.up, RoundID(1))
        let onLattice = try privacy.flatMap { terms throws(ConfigurationError) in try LatticeVector(terms, settings) }
        let rounded = try RoundedVector(
            tensors: vectors.kinds, values: places?.count, largestWeight: sizes.reduce(1) { max($0, terms.weight($1)) },
            settings)
        secure = try SecureTerms(
            words: PartialSum(vectors.shape, [], at: places).wordCount, narrow: onLattice ?? rounded, settings)
        if settings.clientTest > 0, clientTest.sampleCount == 0 {
            throw ConfigurationError(
                "--client-test \(settings.clientTest) of the clients' samples, the largest client's included, is none")
        }
        if strategy.personalization == .parameters, settings.clientTest == 0 {
            throw ConfigurationError(
                "strategy '\(settings.strategy)' leaves part of the model to the clients, so that only they can test it: "
                    + "give --client-test, e.g. 0.1")
        }
        federation = FederationView(
            samples: sizes, seed: settings.seed, fraction: settings.clientFraction, hasBatteries: fleet != nil)
        selection = try plugins.selections.named(settings.selection, settings.selectionOptions)
        try selection.validate(size: settings.cohortSize, federation: federation)
        try checkSubmodels()
        try checkPrivacy()
        try checkSamplePrivacy()
        try checkSecureAggregation()
        try checkScores()
        try checkOfflineUpdates()
        checkMetrics()
    }

    /// Opens the data set and divides it among the clients; what a client holds out, or the server keeps, is still in
    /// its part.
    /// - Throws: `ConfigurationError` or `DatasetError`.
    public static func openPartitioned(
        _ settings: RunSettings, _ plugins: Plugins = .standard
    ) throws -> (DatasetPair, Partition) {
        let data = try plugins.datasets.open(settings.dataset, options: DatasetOptions(settings))
        let partitioner = try plugins.partitions.named(
            settings.partition, PartitionSettings(alpha: settings.alpha, named: settings.partitionOptions))
        let partition = try partitioner.partition(data.train, clients: settings.clients, seed: settings.seed)
        return (data, partition)
    }
}

extension Job {
    /// Layout of what a client sends of an evaluation.
    var evaluationVector: EvaluationVector {
        EvaluationVector(classes: task.confusionClasses, models: evaluatesGlobal.count)
    }

    /// Whether evaluations tell classes apart, and not only right from wrong.
    var hasClasses: Bool { task.tellsClassesApart && namesClasses }

    /// The models that a client tests, in the order of the vector: true for the global one, false for its own.
    var evaluatesGlobal: [Bool] {
        switch strategy.personalization {
        case .none: [true]
        case .parameters: [false]
        case .model: [true, false]
        }
    }

    /// The clients that hold something out, ascending.
    var testingClients: [Int] { (0..<clientTest.clients).filter { clientTest.count(of: $0) > 0 } }

    /// Whether weights cross behind the frame, in a broadcast of their own: in coded form, or because there are tasks without.
    var sendsWeightsApart: Bool { downlink != nil || secure != nil }

    /// Numbers in a frame that is broadcast: none where weights cross behind it.
    var frameFloats: Int { sendsWeightsApart ? 0 : vectors.down }

    /// Bytes that a client downloads in a round: a frame of the cohort's size, as if it came for this client alone.
    var downloadBytes: Int { RoundFrame.byteCount(cohortCapacity: settings.cohortSize, parameterCount: vectors.down) }

    /// Bytes of such a frame without the weights.
    var downloadFrameBytes: Int { RoundFrame.byteCount(cohortCapacity: settings.cohortSize, parameterCount: 0) }

    /// Bytes that a client uploads in a round: its update and what goes beside it. With a codec whose encodings differ
    /// in length, the longest.
    var uploadBytes: Int { trainingAnswer.uploadBytes }

    /// Layout of the answer of a client that has trained.
    var trainingAnswer: AnswerFormat {
        secure?.vectorAnswer ?? vectors.answer(by: compression)
    }

    /// Whether the server keeps each update until the round's end, O(cohort · parameters), instead of adding it up as
    /// it comes.
    var keepsUpdates: Bool { Self.keepsUpdates(aggregation, edges == nil ? attack : nil) }

    /// Whether the rule, or an attack by colluders, has to see each update.
    private static func keepsUpdates(_ rule: any RobustAggregation, _ attack: (any Attack)?) -> Bool {
        rule.needsEachUpdate || attack?.collusion != nil
    }

    /// Takes the server's own samples from the clients.
    /// - Returns: what the clients have left, and the server's samples.
    /// - Throws: `ConfigurationError` when there are too few, or the server cannot train as a client of this run does.
    private static func reserve(
        _ count: Int, of partition: Partition, _ settings: RunSettings, _ vectors: JobVectors
    ) throws(ConfigurationError) -> (Partition, [UInt32]) {
        guard count > 0 else { return (partition, []) }
        guard count < partition.sampleCount else {
            throw ConfigurationError(
                "aggregation '\(settings.aggregation)': root is \(count), and the clients have "
                    + "\(partition.sampleCount) samples in all")
        }
        guard vectors.state == 0 else {
            guard vectors.state > vectors.stageStates.reduce(0, { $0 + $1.count }) else {
                throw ConfigurationError(
                    "aggregation '\(settings.aggregation)' trains an update at the server, which keeps no state, as clients do "
                        + "for a stage; of --compress it is the residual: give --error-feedback false")
            }
            throw ConfigurationError(
                "aggregation '\(settings.aggregation)' trains an update at the server, which strategy "
                    + "'\(settings.strategy)' cannot: its clients keep a state")
        }
        guard vectors.statistics.isEmpty else {
            throw ConfigurationError(
                "aggregation '\(settings.aggregation)' stretches updates to the length of the server's own, which the running "
                    + "statistics of model '\(settings.model)' do not stand")
        }
        let (rest, root) = partition.reserving(count, seed: settings.seed)
        return (rest, root)
    }

    /// The aggregation, if it can keep its promise with so many updates, and the wire delivers what it has to see.
    private static func aggregation(
        _ settings: RunSettings, updates: Int, under attack: (any Attack)?, _ plugins: Plugins
    ) throws(ConfigurationError) -> any RobustAggregation {
        let rule = try plugins.aggregations.named(settings.aggregation, settings.aggregationOptions)
        try rule.validate(updates: updates)
        let sees = settings.attack.map { "--aggregation \(settings.aggregation) under --attack \($0)" }
        // Under edges a rule sees the edges' sums, which any wire brings; colluders are the clients.
        let needs = settings.edges > 0 ? attack?.collusion != nil : keepsUpdates(rule, attack)
        guard try plugins.wires.entry(named: settings.wire).deliversEachUpdate || !needs else {
            throw ConfigurationError(
                "\(sees ?? "--aggregation \(settings.aggregation)") has to see every update, which --wire "
                    + "\(settings.wire) adds up; use \(plugins.wires.options { $0.deliversEachUpdate })")
        }
        return rule
    }

    /// Refuses a topology that adds updates up where the wire brings each by itself.
    private static func checkTopology(
        _ settings: RunSettings, _ wire: any Wire.Type, _ plugins: Plugins
    ) throws(ConfigurationError) {
        guard settings.topology != .flat, wire.deliversEachUpdate else { return }
        throw ConfigurationError(
            "--topology \(settings.topology) adds updates up on their way, and --wire \(settings.wire) brings each by itself; "
                + "use \(plugins.wires.options { !$0.deliversEachUpdate })")
    }

    /// How unlike the clients' label distributions are. O(samples + clients · classes).
    public var labelSkew: LabelSkew {
        partition.labelSkew(labels: data.train.labels(), classes: data.train.classes)
    }
}

extension Plugins {
    /// Refuses a wire that carries no state of clients.
    /// - Parameters:
    ///   - owner: what keeps the state, as the message calls it.
    ///   - settings: name the wire.
    /// - Throws: `ConfigurationError` that names the wires which do.
    fileprivate func checkClientStates(of owner: String, _ settings: RunSettings) throws(ConfigurationError) {
        guard try !wires.entry(named: settings.wire).carriesClientState else { return }
        throw ConfigurationError(
            "\(owner) keeps a state for each client, which --wire \(settings.wire) does not carry; use "
                + wires.options { $0.carriesClientState })
    }
}
