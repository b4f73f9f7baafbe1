public import Datasets
public import FedCore
public import Records

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a model's file says of the data that it was trained on: enough to open them again, to know the samples that it was
/// not trained on, and to see whether they are still the same. docs/MODELS.md lists the keys.
public struct DataOrigin: Sendable, Equatable {
    /// As on the command line; nil: the file does not say.
    public var dataset: String?
    /// Seed, clients and samples of a client, and what the source took by name.
    public var options = DatasetOptions(RunSettings())
    /// In the order of the labels; empty where they are called by their numbers.
    public var classNames: [String] = []
    /// What the numbers of the images were divided by.
    public var scale: Float?
    /// The least and the largest number of images that were looked at, after that division.
    public var range: ClosedRange<Float>?
    /// The share of the samples that was held out as test data; nil where the data set has a test split.
    public var testShare: Double?
    /// SHA-256 of each split, as `DataSummary` has it; nil in files of older versions.
    public var trainDigest: String?
    public var testDigest: String?

    /// Says nothing.
    public init() {}

    /// Says all of a run's data. Reads some of the images.
    public init(_ settings: RunSettings, _ data: DatasetPair) {
        self.init(dataset: settings.dataset, DatasetOptions(settings), data)
    }

    init(dataset: String, _ options: DatasetOptions, _ data: DatasetPair) {
        self.dataset = dataset
        self.options = options
        classNames = data.train.namedClasses
        scale = data.train.scale
        testShare = data.heldOutShare
        let train = data.train.summarized()
        range = train.least <= train.largest ? train.least...train.largest : nil
        trainDigest = train.sha256
        testDigest = data.test.summarized().sha256
    }

    /// Reads the metadata of a weights file; what they do not say is as in `RunSettings()`.
    /// - Throws: `ConfigurationError` when they say what cannot be.
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
            guard let names = try? JSONDecoder().decode([String].self, from: Data(text.utf8)) else {
                throw Self.nonsense(Key.classNames, in: metadata)
            }
            classNames = names
        } else if let dataset {
            classNames = Datasets.classNames(of: dataset)
        }
        scale = try Self.number(Key.scale, in: metadata)
        range = try Self.range(in: metadata)
        testShare = try Self.number(Key.testShare, in: metadata)
        trainDigest = metadata[Key.trainDigest]
        testDigest = metadata[Key.testDigest]
    }

    /// What `init(metadata:)` reads back.
    public var metadata: [String: String] {
        var metadata = [
            Key.seed: "\(options.seed)", Key.clients: "\(options.clients)",
            Key.samplesPerClient: "\(options.samplesPerClient)",
        ]
        metadata[Key.dataset] = dataset
        metadata[Key.options] = options.named.values.isEmpty ? nil : "\(options.named)"
        metadata[Key.classNames] = encodedClassNames
        metadata[Key.scale] = scale.map { "\($0)" }
        metadata[Key.range] = range.map { "\($0.lowerBound) \($0.upperBound)" }
        metadata[Key.testShare] = testShare.map { "\($0)" }
        metadata[Key.trainDigest] = trainDigest
        metadata[Key.testDigest] = testDigest
        return metadata
    }

    /// More than this would not leave the header of a weights file room for its tensors.
    private static let mostBytesOfNames = 1 << 20

    private var encodedClassNames: String? {
        guard !classNames.isEmpty else { return nil }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        guard let text = try? encoder.encode(classNames), text.count <= Self.mostBytesOfNames else { return nil }
        return String(decoding: text, as: UTF8.self)
    }

    private enum Key {
        static let dataset = "dataset"
        static let options = "dataset_options"
        static let seed = "seed"
        static let clients = "clients"
        static let samplesPerClient = "samples_per_client"
        static let classNames = "class_names"
        static let scale = "input_scale"
        static let range = "input_range"
        static let testShare = "test_share"
        static let trainDigest = "train_sha256"
        static let testDigest = "test_sha256"
    }

    private static func number<Number: LosslessStringConvertible>(
        _ key: String, in metadata: [String: String]
    ) throws(ConfigurationError) -> Number? {
        guard let text = metadata[key] else { return nil }
        guard let number = Number(text) else { throw nonsense(key, in: metadata) }
        return number
    }

    private static func range(in metadata: [String: String]) throws(ConfigurationError) -> ClosedRange<Float>? {
        guard let text = metadata[Key.range] else { return nil }
        let bounds = text.split(separator: " ").compactMap { Float($0) }
        guard bounds.count == 2, bounds[0] <= bounds[1] else { throw nonsense(Key.range, in: metadata) }
        return bounds[0]...bounds[1]
    }

    private static func nonsense(_ key: String, in metadata: [String: String]) -> ConfigurationError {
        ConfigurationError(
            "the model's file says \(key) '\((metadata[key] ?? "").prefix(80).printable)', which cannot be")
    }
}

extension Dataset {
    /// Names of the classes, in the order of the labels; empty when classes are called as their labels are.
    public var namedClasses: [String] { hasNamedClasses ? classNames : [] }

    var hasNamedClasses: Bool { classNames.enumerated().contains { $1 != "\($0)" } }
}
