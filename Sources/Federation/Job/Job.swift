public import Aggregation
import Codecs
public import Datasets
import Devices
public import FedCore
public import NeuralNet
public import Records
public import Selection
import Strategies

/// The settings turned into what a rank works with. Every rank builds its own, and all are alike.
public struct Job: Sendable {
    public let settings: RunSettings
    public let model: Model
    /// What clients learn from beside their labels; nil: nothing.
    let distillation: Distillation?
    /// The model that clients learn from; nil: labels alone.
    public var teacher: TrainedModel? { distillation?.teacher }
    public let data: DatasetPair
    /// What each client trains on.
    public let partition: Partition
    /// What each client tests on: nothing, unless the settings' `clientTest` says so.
    public let clientTest: Partition
    public let strategy: any Strategy
    /// Which clients a round trains.
    public let selection: any SelectionRule
    let federation: FederationView
    let vectors: JobVectors
    /// What happens between a client's trained weights and the server's new ones, in the order of the client halves.
    let stages: [any UpdateStage]
    /// What happens within each step of local training.
    let stepHooks: [any StepHook]
    /// How the clients' updates come up.
    let wire: any Wire.Type
    let terms: UpdateTerms
    /// How clients' updates are written for the way up; nil: as they are.
    let codec: (any UpdateCodec)?
    let schedule: LearningRateSchedule
    /// How one update is made of a round's.
    public let aggregation: any RobustAggregation
    /// What the attackers do; nil without.
    let attack: (any Attack)?
    let attackers: Set<Int>
    /// The training samples that the server keeps for itself; empty unless the aggregation trusts an update of its own.
    let root: [UInt32]

    /// - Parameters:
    ///   - teacher: that the settings name; nil: it is read from its file.
    ///   - plugins: catalogs from which the settings choose.
    /// - Throws: `ConfigurationError` or `DatasetError` when the settings cannot be honoured.
    public init(_ settings: RunSettings, teacher: TrainedModel? = nil, plugins: Plugins = .standard) throws {
        try settings.validate()
        wire = try plugins.wires.entry(named: settings.wire)
        codec = try Self.codec(settings, plugins)
        self.settings = settings
        schedule = try settings.learningRateSchedule
        model = try plugins.models.named(settings.model)
        distillation = try Distillation(settings, teacher, student: model, plugins.models)
        strategy = try plugins.strategies.named(settings.strategy, settings.strategyOptions)
        var vectors = try JobVectors(model.parameterLayout, strategy)
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
        let all: Partition
        (data, all) = try Self.openPartitioned(settings, plugins)
        attack = try Self.attack(settings, data.train, plugins)
        attackers = Self.attackers(settings)
        let setup = StageSetup(
            settings, strategy: strategy, layout: vectors.layout, attack: attack, attackers: attackers,
            image: data.train.shape, classes: data.train.classes)
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
        aggregation = try Self.aggregation(
            settings, updates: strategy.asynchronous?.bufferSize ?? settings.cohortSize, under: attack, plugins)
        let whole: Partition
        (whole, root) = try Self.reserve(aggregation.rootSamples, of: all, settings, vectors)
        (partition, clientTest) =
            settings.clientTest > 0
            ? whole.holdingOut(settings.clientTest, seed: settings.seed)
            : (whole, Partition(owners: [], clients: whole.clients))
        terms = try UpdateTerms(strategy, vectors, settings, samplesHeld: { [partition] in partition.count(of: $0) })
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
            samples: (0..<settings.clients).map { [partition] in partition.count(of: $0) }, seed: settings.seed)
        selection = try plugins.selections.named(settings.selection, settings.selectionOptions)
        try selection.validate(size: settings.cohortSize, federation: federation)
        checkMetrics()
        let shape = data.train.shape
        guard [shape.channels, shape.height, shape.width] == model.input.extents, data.train.classes == model.classes
        else {
            throw ConfigurationError(
                "model '\(model.name)' takes \(model.input) images of \(model.classes) classes; "
                    + "data set '\(settings.dataset)' has \(shape) of \(data.train.classes)")
        }
    }

    /// The data set and who holds what of it.
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
    /// What a client sends of an evaluation.
    var evaluationVector: EvaluationVector {
        EvaluationVector(classes: model.classes, models: evaluatesGlobal.count)
    }

    /// The models that a client evaluates: true is the global one, false its own.
    var evaluatesGlobal: [Bool] {
        switch strategy.personalization {
        case .none: [true]
        case .parameters: [false]
        case .model: [true, false]
        }
    }

    /// The clients that have something to evaluate on.
    var testingClients: [Int] { (0..<clientTest.clients).filter { clientTest.count(of: $0) > 0 } }

    /// What a client downloads in a round: a frame of the cohort's size.
    var downloadBytes: Int { RoundFrame.byteCount(cohortCapacity: settings.cohortSize, parameterCount: vectors.down) }

    /// What a client uploads in a round: its update and what goes beside it.
    ///
    /// With a codec whose encodings differ in length, the longest.
    var uploadBytes: Int { trainingAnswer.uploadBytes }

    /// How a client that has trained answers.
    var trainingAnswer: AnswerFormat { vectors.answer(by: codec) }

    /// What happens to a client's device in a round, if anything is simulated.
    func conditions(ofClient client: Int, _ round: RoundID) -> DeviceConditions {
        settings.simulation.conditions(
            ofClient: client, round: round.number, attempt: round.attempt, seed: settings.seed,
            downloadBytes: downloadBytes, uploadBytes: uploadBytes)
    }

    /// Whether the server keeps each update until the round's end, instead of adding it up as it comes.
    var keepsUpdates: Bool { Self.keepsUpdates(aggregation, attack) }

    private static func keepsUpdates(_ rule: any RobustAggregation, _ attack: (any Attack)?) -> Bool {
        rule.needsEachUpdate || attack?.collusion != nil
    }

    /// What the clients have left when the server has taken its own samples.
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

    private static func aggregation(
        _ settings: RunSettings, updates: Int, under attack: (any Attack)?, _ plugins: Plugins
    ) throws(ConfigurationError) -> any RobustAggregation {
        let rule = try plugins.aggregations.named(settings.aggregation, settings.aggregationOptions)
        try rule.validate(updates: updates)
        let sees = settings.attack.map { "--aggregation \(settings.aggregation) under --attack \($0)" }
        guard try plugins.wires.entry(named: settings.wire).deliversEachUpdate || !keepsUpdates(rule, attack) else {
            throw ConfigurationError(
                "\(sees ?? "--aggregation \(settings.aggregation)") has to see every update, which --wire "
                    + "\(settings.wire) adds up; use \(plugins.wires.options { $0.deliversEachUpdate })")
        }
        return rule
    }

    private static func codec(
        _ settings: RunSettings, _ plugins: Plugins
    ) throws(ConfigurationError) -> (any UpdateCodec)? {
        let wire = try plugins.wires.entry(named: settings.wire)
        guard let name = settings.compress else { return nil }
        let codec = try plugins.codecs.named(name)
        guard wire.deliversEachUpdate else {
            throw ConfigurationError(
                "--compress \(type(of: codec).name) shortens each client's update, and --wire \(settings.wire) sends sums; use "
                    + plugins.wires.options { $0.deliversEachUpdate })
        }
        return codec
    }

    private static func attack(
        _ settings: RunSettings, _ data: any Dataset, _ plugins: Plugins
    ) throws(ConfigurationError) -> (any Attack)? {
        guard let name = settings.attack else { return nil }
        let attack = try plugins.attacks.named(name, settings.attackOptions)
        if let attack = attack.onData {
            try attack.validate(classes: data.classes, height: data.shape.height, width: data.shape.width)
        }
        return attack
    }

    /// The seed says who they are.
    private static func attackers(_ settings: RunSettings) -> Set<Int> {
        guard settings.attackers > 0 else { return [] }
        var clients = Array(0..<settings.clients)
        var random = RandomStream(seed: settings.seed, .attack)
        random.shuffle(&clients)
        return Set(clients.prefix(settings.attackers))
    }

    /// How unlike the clients' label distributions are. O(samples + clients · classes).
    public var labelSkew: LabelSkew {
        partition.labelSkew(labels: data.train.labels(), classes: data.train.classes)
    }
}

extension Plugins {
    /// Refuses a wire that carries no state of clients.
    /// - Parameter owner: of the state, as the message calls it.
    fileprivate func checkClientStates(of owner: String, _ settings: RunSettings) throws(ConfigurationError) {
        guard try !wires.entry(named: settings.wire).carriesClientState else { return }
        throw ConfigurationError(
            "\(owner) keeps a state for each client, which --wire \(settings.wire) does not carry; use "
                + wires.options { $0.carriesClientState })
    }
}
