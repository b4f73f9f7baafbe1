import FedCore

/// What a user may set about a partition; each partitioner takes what concerns it.
public struct PartitionSettings: Sendable, Equatable {
    /// Concentration α of label skew: small is skewed, large is even. 0 < α < ∞.
    public var alpha = 0.5
    /// Samples each client holds at least. nil is 10, or an equal share when there are fewer than 10 for each.
    public var minimumSamples: Int?

    /// Settings as given; the partitioner that uses one checks it.
    public init(alpha: Double = 0.5, minimumSamples: Int? = nil) {
        self.alpha = alpha
        self.minimumSamples = minimumSamples
    }
}

/// A way to deal the samples out to the clients: each sample to exactly one, by the seed alone, so that every rank comes
/// to the same partition without a message.
public protocol Partitioner: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }

    /// - Throws: `ConfigurationError` when a setting is out of range.
    init(_ settings: PartitionSettings) throws(ConfigurationError)

    /// The client of each sample. Called with 1 ≤ clients ≤ samples; `partition` checks that.
    /// - Parameters:
    ///   - labels: the class of each sample, in 0 ..< classes.
    /// - Throws: `ConfigurationError` when the settings do not fit these samples and clients.
    func owners(labels: [Int32], classes: Int, clients: Int, seed: UInt64) throws(ConfigurationError) -> [UInt32]
}

extension Partitioner {
    /// Deals the samples with these labels out to the clients.
    /// - Throws: `ConfigurationError` when there is no client, or more clients than samples.
    public func partition(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> Partition {
        guard clients >= 1 else { throw ConfigurationError("clients must be at least 1, not \(clients)") }
        guard clients <= labels.count else {
            throw ConfigurationError(
                "\(clients) clients cannot share \(labels.count) samples; choose at most \(labels.count) clients")
        }
        return Partition(
            owners: try owners(labels: labels, classes: classes, clients: clients, seed: seed), clients: clients)
    }

    /// Deals a split's samples out to the clients.
    /// - Throws: `ConfigurationError` when there is no client, or more clients than samples.
    public func partition(
        _ dataset: any Dataset, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> Partition {
        try partition(labels: dataset.labels(), classes: dataset.classes, clients: clients, seed: seed)
    }
}
