import Datasets
import FedCore
import Records

/// What client ranks of another program bring to a run whose model only they can run: how many samples each client
/// trains on, and how many each part of the test set has. The samples themselves are theirs alone.
///
/// They declare it before the job is built (docs/WIRE.md, *Ranks of other programs*), so that everything that follows
/// from numbers of samples (assignment, selection, weights, what an update may claim) works as with data of this
/// program.
public struct ForeignClients: Sendable, Equatable, Codable {
    /// Samples that each client trains on, by its number.
    public var samples: [Int]
    /// Samples of each part of the test set; a part is tested by one rank. Empty when the model is not tested.
    public var test: [Int]
    /// Classes of the confusion matrix; 0 when only right and wrong are counted.
    public var classes: Int
    /// Why nothing can be declared; nil when all is well.
    public var problem: String?

    /// Declares numbers of samples.
    public init(samples: [Int], test: [Int], classes: Int = 0) {
        (self.samples, self.test, self.classes) = (samples, test, classes)
    }

    /// Number of classes that evaluations tell apart: two, right and wrong, where nobody names some.
    var evaluatedClasses: Int { classes == 0 ? 2 : classes }

    /// More than any run has, and little enough to be added up and numbered.
    private static let mostSamples = 1 << 31
    private static let mostClasses = 4_096

    /// Refuses what cannot be; nothing that came over the wire is believed.
    /// - Throws: `ConfigurationError` for the user who wrote the client program.
    func validate(_ settings: RunSettings) throws(ConfigurationError) {
        if let problem { throw ConfigurationError(problem.printable) }
        func refuse(_ text: String) -> ConfigurationError { ConfigurationError("the client ranks declare \(text)") }
        guard samples.count == settings.clients else {
            throw refuse("\(samples.count) clients, and --clients is \(settings.clients)")
        }
        guard test.count <= settings.clients else {
            throw refuse("\(test.count) parts of the test set, and may have as many as clients, \(settings.clients)")
        }
        if let least = (samples + test).min(), least < 0 { throw refuse("\(least) samples") }
        if let client = samples.firstIndex(of: 0) { throw refuse("no samples of client \(client)") }
        let total = (samples + test).reduce(0.0) { $0 + Double($1) }
        guard total < Double(Self.mostSamples) else {
            throw refuse("\(total) samples; the most is \(Self.mostSamples)")
        }
        guard classes == 0 || (2...Self.mostClasses).contains(classes) else {
            throw refuse("\(classes) classes; 2 to \(Self.mostClasses) can be told apart")
        }
    }

    /// Numbered stand-ins for the samples, and who has which: client 0's first. No sample can be read.
    var data: (pair: DatasetPair, training: Partition, test: Partition) {
        func split(_ counts: [Int]) -> (any Dataset, Partition) {
            let owners = counts.enumerated().flatMap { repeatElement(UInt32($0.offset), count: $0.element) }
            return (
                ForeignSamples(count: owners.count, classes: evaluatedClasses),
                Partition(owners: owners, clients: samples.count)
            )
        }
        let (train, training) = split(samples)
        let (test, parts) = split(test)
        return (DatasetPair(train: train, test: test), training, parts)
    }
}

/// Samples that another program has: they can be counted and not be read.
struct ForeignSamples: Dataset {
    /// The name of the data set in records; no choice of `--dataset`.
    static let choice = "external"

    let name = Self.choice
    let count: Int
    let shape = ImageShape(channels: 1, height: 1, width: 1)
    let classes: Int

    func label(_ sample: Int) -> Int { 0 }

    /// Writes zeros: what describes a data set may look at some samples.
    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
        for i in samples.indices {
            images[i] = 0
            labels[i] = 0
        }
    }
}
