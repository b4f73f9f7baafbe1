public import FedCore

/// Settings of a partition that users can choose.
public struct PartitionSettings: Sendable, Equatable {
    /// Concentration α of label skew, 0 < α < ∞: small is skewed, large is even. Only ``DirichletPartitioner``
    /// uses it.
    public var alpha: Double
    /// Options that the partitioner takes by name; one that it does not know is refused.
    public var named: NamedOptions

    /// Creates settings as given; the partitioner that uses one checks it.
    public init(alpha: Double = 0.5, named: NamedOptions = [:]) {
        self.alpha = alpha
        self.named = named
    }
}

/// A way to divide the training samples among the clients.
///
/// A partition is a function of the labels, the settings and the seed alone, so that every rank comes to the
/// same one without a message. Each sample goes to exactly one client and every client gets at least one
/// sample; only a setting of the user's may leave a sample or a client without the other.
///
/// Arithmetic that decides who gets what uses whole numbers or IEEE 754's correctly rounded operations (see
/// `PortableMath`): a partition must not depend on a machine's mathematical library. Random numbers come from
/// `RandomStream` with the purpose `.partition`.
///
/// To add one, write one file in `Partitions/` and one line in ``Partitions/all``.
public protocol Partitioner: Sendable {
    /// The name on the command line.
    static var name: String { get }
    /// One line for `--help`, with the options and their defaults.
    static var summary: String { get }

    /// Creates a partitioner from the user's choices. Reads no file.
    ///
    /// - Parameters:
    ///   - settings: what the user chose; the partitioner checks the settings that it uses.
    ///   - options: reader of the named options. The caller refuses those that the partitioner has not asked
    ///     for.
    /// - Throws: `ConfigurationError` when a setting is out of range.
    init(_ settings: PartitionSettings, options: inout OptionReader) throws(ConfigurationError)

    /// Chooses the client of each sample.
    ///
    /// Local, not collective. Call ``partition(labels:classes:clients:seed:)`` instead, which checks that 1 ≤
    /// clients ≤ samples; here it is taken for granted.
    ///
    /// - Parameters:
    ///   - labels: the class of each sample, in 0 ..< classes.
    ///   - classes: number of classes; some may have no samples.
    ///   - clients: number of clients.
    ///   - seed: seed of the run.
    /// - Returns: `[labels.count]`, each in 0 ..< clients or ``Partition/nobody``.
    /// - Throws: `ConfigurationError` when the settings do not fit these samples and clients.
    func owners(labels: [Int32], classes: Int, clients: Int, seed: UInt64) throws(ConfigurationError) -> [UInt32]

    /// Divides a split that was read from a file. By default the rows make no difference.
    ///
    /// - Parameters:
    ///   - labels: the class of each sample, in 0 ..< classes.
    ///   - classes: number of classes.
    ///   - clients: number of clients.
    ///   - seed: seed of the run.
    ///   - rows: the rows of the file that the samples were read from.
    /// - Throws: `ConfigurationError` when the settings do not fit these samples and clients.
    func partition(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64, rows: SourceRows
    ) throws(ConfigurationError) -> Partition
}

/// The rows of a data set's file that the samples of a split were read from.
public struct SourceRows: Sendable {
    /// Number of rows of the file, those of other splits included.
    public let count: Int
    /// Row of each sample; nil when the split is the whole file, so sample i is row i.
    let rows: [UInt32]?
    /// The natural client of each sample; nil when the data know of none.
    let origins: SampleOrigins?

    /// Collects the rows of a split's samples. O(1) for a whole file, O(count) otherwise.
    public init(of dataset: any Dataset) {
        count = dataset.sourceRows
        origins = dataset.origins
        let isWhole = count == dataset.count
        rows = isWhole ? nil : (0..<dataset.count).map { UInt32(dataset.sourceRow($0)) }
    }
}

extension Partitioner {
    public func partition(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64, rows: SourceRows
    ) throws(ConfigurationError) -> Partition {
        try partition(labels: labels, classes: classes, clients: clients, seed: seed)
    }

    /// Divides samples with these labels among the clients.
    ///
    /// - Parameters:
    ///   - labels: the class of each sample, in 0 ..< classes.
    ///   - classes: number of classes.
    ///   - clients: number of clients, from 1 to the number of samples.
    ///   - seed: seed of the run.
    /// - Throws: `ConfigurationError` when there is no client, there are more clients than samples, or the
    ///   settings do not fit them.
    public func partition(
        labels: [Int32], classes: Int, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> Partition {
        try Self.check(clients: clients, samples: labels.count)
        return Partition(
            owners: try owners(labels: labels, classes: classes, clients: clients, seed: seed), clients: clients)
    }

    /// Refuses numbers of clients that no partitioner can serve.
    private static func check(clients: Int, samples: Int) throws(ConfigurationError) {
        guard clients >= 1 else { throw ConfigurationError("clients must be at least 1, not \(clients)") }
        guard clients <= samples else {
            throw ConfigurationError(
                "\(clients) clients cannot share \(samples) samples; choose at most \(samples) clients")
        }
    }

    /// Divides a split's samples among the clients. The form that a run uses: it also tells the partitioner
    /// which rows of the file the samples are.
    ///
    /// - Parameters:
    ///   - dataset: the training split.
    ///   - clients: number of clients, from 1 to `dataset.count`.
    ///   - seed: seed of the run.
    /// - Throws: `ConfigurationError` when there is no client, there are more clients than samples, or the
    ///   settings do not fit them.
    public func partition(
        _ dataset: any Dataset, clients: Int, seed: UInt64
    ) throws(ConfigurationError) -> Partition {
        try Self.check(clients: clients, samples: dataset.count)
        let (strata, count) = dataset.strata()
        return try partition(
            labels: strata, classes: count, clients: clients, seed: seed, rows: SourceRows(of: dataset))
    }
}
