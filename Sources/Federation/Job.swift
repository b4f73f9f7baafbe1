import Datasets
import FedCore
import NeuralNet
import Strategies

/// The settings turned into what a rank works with. Every rank builds its own, and all are alike.
public struct Job: Sendable {
    public let settings: RunSettings
    public let model: Model
    public let data: DatasetPair
    public let partition: Partition
    public let strategy: any Strategy
    let vectors: JobVectors

    /// - Throws: `ConfigurationError` or `DatasetError` when the settings cannot be honoured.
    public init(_ settings: RunSettings) throws {
        try settings.validate()
        self.settings = settings
        model = try Models.named(settings.model)
        strategy = try Strategies.named(settings.strategy, settings.strategyOptions)
        vectors = JobVectors(parameters: model.parameterCount, strategy.traffic)
        if vectors.state > 0, settings.wire != GathervWire.name {
            throw ConfigurationError(
                "strategy '\(settings.strategy)' keeps a state for each client, which --wire \(settings.wire) does not "
                    + "carry; use --wire \(GathervWire.name)")
        }
        (data, partition) = try Self.openPartitioned(settings)
        let shape = data.train.shape
        guard [shape.channels, shape.height, shape.width] == model.input.extents, data.train.classes == model.classes
        else {
            throw ConfigurationError(
                "model '\(model.name)' takes \(model.input) images of \(model.classes) classes; "
                    + "data set '\(settings.dataset)' has \(shape) of \(data.train.classes)")
        }
    }

    /// The data set and who holds what of it.
    public static func openPartitioned(_ settings: RunSettings) throws -> (DatasetPair, Partition) {
        var options = DatasetOptions()
        options.clients = settings.clients
        options.samplesPerClient = settings.samplesPerClient
        options.seed = settings.seed
        options.named = settings.datasetOptions
        let data = try Datasets.open(settings.dataset, options: options)
        let partitioner = try Partitions.named(
            settings.partition, PartitionSettings(alpha: settings.alpha, named: settings.partitionOptions))
        let partition = try partitioner.partition(data.train, clients: settings.clients, seed: settings.seed)
        return (data, partition)
    }
}

extension Job {
    /// How unlike the clients' label distributions are. O(samples + clients · classes).
    public var labelSkew: LabelSkew {
        partition.labelSkew(labels: data.train.labels(), classes: data.train.classes)
    }
}

/// How many floats cross between server and clients.
struct JobVectors: Sendable, Equatable {
    /// Of the model.
    let parameters: Int
    /// Down: the weights and what goes beside them.
    let down: Int
    /// Up: the update and what comes beside it; what is averaged.
    let up: Int
    /// Of a client's state.
    let state: Int

    init(parameters: Int, _ traffic: StrategyTraffic) {
        self.parameters = parameters
        down = parameters * (1 + traffic.broadcastVectors)
        up = traffic.uploadCount(parameters: parameters)
        state = parameters * traffic.stateVectors
    }

    /// A client's place in a message: what it sends up, and behind it its state.
    var slot: Int { up + state }
}
