public import FedCore

/// What a user may set about a partition.
public struct PartitionSettings: Sendable, Equatable {
    /// Concentration α of label skew: small is skewed, large is even. 0 < α < ∞.
    public var alpha: Double
    /// What the partitioner takes by name.
    public var named: NamedOptions

    /// Settings as given; the partitioner that uses one checks it.
    public init(alpha: Double = 0.5, named: NamedOptions = [:]) {
        self.alpha = alpha
        self.named = named
    }
}

/// A way to deal the samples out to the clients: each sample to exactly one, and some to every client, by the settings and
/// the seed alone, so that every rank comes to the same partition without a message. Only a setting of the user's may leave
/// a sample or a client without the other.
///
/// Arithmetic that decides who gets what is in whole numbers, or in IEEE 754's correctly rounded operations (see
/// `PortableMath`): a partition must not depend on a machine's mathematical library.
public protocol Partitioner: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }

    /// Takes the user's choices; reads no file.
    /// - Parameters:
    ///   - options: what the partitioner takes by name; whatever is left is refused.
    /// - Throws: `ConfigurationError` when a setting is out of range.
    init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError)

    /// The client of each sample, or `Partition.nobody`. Called with 1 ≤ clients ≤ samples; `partition` checks that.
    /// - Parameters:
    ///   - labels: the class of each sample, in 0 ..< classes.
    /// - Throws: `ConfigurationError` when the settings do not fit these samples and clients.
    func owners(labels: [Int32], classes: Int, clients: Int, seed: UInt64) throws(ConfigurationError) -> [UInt32]

    /// Likewise, of samples that come from a file. By default where they come from makes no difference.
    func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64, rows: SourceRows
    ) throws(ConfigurationError) -> [UInt32]
}

/// Which rows of the file the samples are.
public struct SourceRows: Sendable {
    /// Rows of the file.
    public let count: Int
    /// The row of each sample; nil: every row is one.
    let rows: [UInt32]?

    /// Rows that a split's samples come from.
    public init(of dataset: any Dataset) {
        count = dataset.sourceRows
        let isWhole = count == dataset.count
        rows = isWhole ? nil : (0..<dataset.count).map { UInt32(dataset.sourceRow($0)) }
    }
}

extension Partitioner {
    public func owners(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64, rows: SourceRows
    ) throws(ConfigurationError) -> [UInt32] {
        try owners(labels: labels, classes: classes, clients: clients, seed: seed)
    }

    /// Deals the samples with these labels out to the clients.
    /// - Throws: `ConfigurationError` when there is no client, or more clients than samples.
    public func partition(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> Partition {
        try Self.check(clients: clients, samples: labels.count)
        return Partition(
            owners: try owners(labels: labels, classes: classes, clients: clients, seed: seed), clients: clients)
    }

    private static func check(clients: Int, samples: Int) throws(ConfigurationError) {
        guard clients >= 1 else { throw ConfigurationError("clients must be at least 1, not \(clients)") }
        guard clients <= samples else {
            throw ConfigurationError(
                "\(clients) clients cannot share \(samples) samples; choose at most \(samples) clients")
        }
    }

    /// Deals a split's samples out to the clients.
    /// - Throws: `ConfigurationError` when there is no client, or more clients than samples.
    public func partition(
        _ dataset: any Dataset, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> Partition {
        try Self.check(clients: clients, samples: dataset.count)
        let owners = try owners(
            labels: dataset.labels(), classes: dataset.classes, clients: clients, seed: seed,
            rows: SourceRows(of: dataset))
        return Partition(owners: owners, clients: clients)
    }
}
