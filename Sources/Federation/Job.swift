import Datasets
import FedCore
import NeuralNet
import Strategies

/// The settings turned into what a rank works with. Every rank builds its own, and all are alike.
public struct Job: Sendable {
    public let settings: RunSettings
    public let model: Model
    public let data: DatasetPair
    /// What each client trains on.
    public let partition: Partition
    /// What each client tests on: nothing, unless the settings' `clientTest` says so.
    public let clientTest: Partition
    public let strategy: any Strategy

    /// - Throws: `ConfigurationError` or `DatasetError` when the settings cannot be honoured.
    public init(_ settings: RunSettings) throws {
        try settings.validate()
        self.settings = settings
        model = try Models.named(settings.model)
        strategy = try Strategies.named(settings.strategy)
        let whole: Partition
        (data, whole) = try Self.openPartitioned(settings)
        (partition, clientTest) =
            settings.clientTest > 0
            ? whole.holdingOut(settings.clientTest, seed: settings.seed)
            : (whole, Partition(owners: [], clients: whole.clients))
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
