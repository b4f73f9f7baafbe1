public import Datasets
public import FedCore
public import Records

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a model's file says of the data that it was trained on: enough to open them again, to know which samples it was
/// not trained on, and to see whether they are still the same. It is the file's metadata, as strings under the keys
/// that docs/MODELS.md lists.
///
/// ```swift
/// let origin = try DataOrigin(metadata: trained.metadata)
/// let data = try ModelData(of: origin).open(for: trained.model)
/// for note in ModelData(of: origin).notes(on: data) { print(note) }
/// ```
public struct DataOrigin: Sendable, Equatable {
    /// Name of the data set, as on the command line; nil when the file does not say.
    public var dataset: String?
    /// Seed, clients, samples of a client, and the options that the source took by name.
    public var options = DatasetOptions(RunSettings())
    /// Names of the classes in the order of the labels; empty where classes are called by their numbers.
    public var classNames: [String] = []
    /// What the model has learnt; nil where that is classes.
    public var task: LearningTask?
    /// What the numbers of the images were divided by, e.g. 255.
    public var scale: Float?
    /// What the inputs were normalised by after that; nil where they were not.
    public var normalization: Normalization?
    /// The least and the largest number of the images that were looked at, after that division.
    public var range: ClosedRange<Float>?
    /// The share of the samples that was held out as test data, in (0, 1); nil where the data set has a test split.
    public var testShare: Double?
    /// The columns of a text table; nil of other data, in files of older versions, and where there are too many.
    public var table: TableColumns?
    /// SHA-256 of the training split, as ``DataSummary`` has it; nil in files of older versions.
    public var trainDigest: String?
    /// SHA-256 of the test split, likewise.
    public var testDigest: String?

    /// An origin that says nothing.
    public init() {}

    /// Describes a run's data. Reads up to a thousand images of each split.
    ///
    /// With differential privacy what is exact of the samples to train on is left out: a digest would show whether somebody
    /// guesses all of them right, and the range has the least and the largest number of single ones.
    public init(_ settings: RunSettings, _ data: DatasetPair) {
        self.init(dataset: settings.dataset, DatasetOptions(settings), data)
        if settings.privacy != nil { (trainDigest, range) = (nil, nil) }
    }

    /// Describes data that were opened with these options.
    /// - Parameters:
    ///   - dataset: name of the data set, as on the command line.
    ///   - options: what it was opened with.
    ///   - data: both splits.
    /// - Complexity: Two digests, see `Dataset.summarized()`: milliseconds.
    init(dataset: String, _ options: DatasetOptions, _ data: DatasetPair) {
        self.dataset = dataset
        self.options = options
        classNames = data.train.namedClasses
        task = data.train.task.hasClasses ? nil : data.train.task
        scale = data.train.scale
        normalization = data.train.normalization
        testShare = data.heldOutShare
        table = data.table
        let train = data.train.summarized()
        range = train.least <= train.largest ? train.least...train.largest : nil
        trainDigest = train.sha256
        testDigest = data.test.summarized().sha256
    }

    /// Reads the metadata of a weights file, which may come from anybody; what they do not say is as in
    /// `RunSettings()`. A file without any gives an origin that says nothing.
    /// - Parameter metadata: the file's `__metadata__`; other keys do not matter.
    /// - Throws: `ConfigurationError` that names the key and its value when a number, a range, an option or a list of
    ///   names cannot be read.
    public init(metadata: [String: String]) throws(ConfigurationError) {
        dataset = metadata[Key.dataset]
        options.seed = try Self.number(Key.seed, in: metadata) ?? options.seed
        options.clients = try Self.number(Key.clients, in: metadata) ?? options.clients
        options.samplesPerClient = try Self.number(Key.samplesPerClient, in: metadata) ?? options.samplesPerClient
        guard options.clients > 0, options.samplesPerClient > 0 else {
            throw Self.nonsense(options.clients > 0 ? Key.samplesPerClient : Key.clients, in: metadata)
        }
        do { options.named = try NamedOptions(parsing: metadata[Key.options] ?? "") } catch {
            throw Self.nonsense(Key.options, in: metadata)
        }
        if let text = metadata[Key.classNames] {
            guard let names: [String] = Self.decoded(text) else { throw Self.nonsense(Key.classNames, in: metadata) }
            classNames = names
        } else if let dataset {
            classNames = Datasets.standard.classNames(of: dataset)
        }
        task = try Self.task(in: metadata)
        scale = try Self.number(Key.scale, in: metadata)
        if let text = metadata[Key.normalization] {
            guard let read = Normalization(parsing: text) else { throw Self.nonsense(Key.normalization, in: metadata) }
            normalization = read
        }
        range = try Self.range(in: metadata)
        testShare = try Self.number(Key.testShare, in: metadata)
        if let text = metadata[Key.table] {
            guard let read: TableColumns = Self.decoded(text), read.isPossible else {
                throw Self.nonsense(Key.table, in: metadata)
            }
            table = read
        }
        trainDigest = metadata[Key.trainDigest]
        testDigest = metadata[Key.testDigest]
    }

    /// The metadata for a weights file; `init(metadata:)` reads them back to an equal value.
    ///
    /// ```
    /// dataset: fashion-mnist   seed: 42   clients: 10   samples_per_client: 600
    /// input_scale: 255.0   input_range: 0.0 1.0   train_sha256: …   test_sha256: …
    /// ```
    public var metadata: [String: String] {
        var metadata = [
            Key.seed: "\(options.seed)", Key.clients: "\(options.clients)",
            Key.samplesPerClient: "\(options.samplesPerClient)",
        ]
        metadata[Key.dataset] = dataset
        metadata[Key.options] = options.named.values.isEmpty ? nil : "\(options.named)"
        metadata[Key.classNames] = classNames.isEmpty ? nil : Self.encoded(classNames)
        metadata[Key.table] = table.flatMap(Self.encoded)
        metadata[Key.task] = task.map(Self.text)
        metadata[Key.scale] = scale.map { "\($0)" }
        metadata[Key.normalization] = normalization.map { "\($0)" }
        metadata[Key.range] = range.map { "\($0.lowerBound) \($0.upperBound)" }
        metadata[Key.testShare] = testShare.map { "\($0)" }
        metadata[Key.trainDigest] = trainDigest
        metadata[Key.testDigest] = testDigest
        return metadata
    }

    /// Bytes of names at most: more would not leave the header of a weights file room for its tensors.
    private static let mostBytesOfNames = 1 << 20

    /// Names as JSON; nil when there are too many for a header.
    private static func encoded(_ names: some Encodable) -> String? {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        guard let text = try? encoder.encode(names), text.count <= mostBytesOfNames else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads such JSON; nil when it is none.
    private static func decoded<Names: Decodable>(_ text: String) -> Names? {
        try? JSONDecoder().decode(Names.self, from: Data(text.utf8))
    }

    /// The keys of the metadata; files in the world have them, so none is ever renamed.
    private enum Key {
        static let dataset = "dataset"
        static let options = "dataset_options"
        static let seed = "seed"
        static let clients = "clients"
        static let samplesPerClient = "samples_per_client"
        static let classNames = "class_names"
        static let task = "task"
        static let table = "table_columns"
        static let scale = "input_scale"
        static let normalization = "input_normalization"
        static let range = "input_range"
        static let testShare = "test_share"
        static let trainDigest = "train_sha256"
        static let testDigest = "test_sha256"
    }

    /// The number under a key; nil when the key is not there.
    private static func number<Number: LosslessStringConvertible>(
        _ key: String, in metadata: [String: String]
    ) throws(ConfigurationError) -> Number? {
        guard let text = metadata[key] else { return nil }
        guard let number = Number(text) else { throw nonsense(key, in: metadata) }
        return number
    }

    /// The task, written as its kind and the number of its outputs, e.g. `values 2`.
    private static func text(_ task: LearningTask) -> String {
        switch task {
        case .classes(let count): "classes \(count)"
        case .labels(let count): "labels \(count)"
        case .values(let count): "values \(count)"
        }
    }

    private static func task(in metadata: [String: String]) throws(ConfigurationError) -> LearningTask? {
        guard let text = metadata[Key.task] else { return nil }
        let parts = text.split(separator: " ")
        guard parts.count == 2, let count = Int(parts[1]), count > 0 else { throw nonsense(Key.task, in: metadata) }
        switch parts[0] {
        case "labels": return .labels(count)
        case "values": return .values(count)
        default: throw nonsense(Key.task, in: metadata)
        }
    }

    /// The range, written as two numbers and a space between, the lower one first.
    private static func range(in metadata: [String: String]) throws(ConfigurationError) -> ClosedRange<Float>? {
        guard let text = metadata[Key.range] else { return nil }
        let bounds = text.split(separator: " ").compactMap { Float($0) }
        guard bounds.count == 2, bounds[0] <= bounds[1] else { throw nonsense(Key.range, in: metadata) }
        return bounds[0]...bounds[1]
    }

    /// The error of a value that cannot be; its text is cut and made printable, because files come from anybody.
    private static func nonsense(_ key: String, in metadata: [String: String]) -> ConfigurationError {
        ConfigurationError(
            "the model's file says \(key) '\((metadata[key] ?? "").prefix(80).printable)', which cannot be")
    }
}

extension Dataset {
    /// Names of the classes in the order of the labels; empty when classes are called by their numbers.
    public var namedClasses: [String] { hasNamedClasses ? classNames : [] }

    /// Whether any class has another name than its number.
    var hasNamedClasses: Bool { classNames.enumerated().contains { $1 != "\($0)" } }
}
