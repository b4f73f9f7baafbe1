public import Foundation

/// One version of a registered model: a row of the table `models`, whose coding keys are the columns.
///
/// A version never changes: its file lies in the registry's folder under its digest, and what was known when it was registered stays.
/// What changes is which version an alias means (``ModelAlias``), and tags.
public struct RegisteredModel: Codable, Sendable, Equatable {
    /// Number of the row; nil until it is inserted.
    var id: Int64?
    /// The model's name, which all its versions have.
    public let name: String
    /// Counts the versions of a name from 1; 0 until it is inserted.
    public internal(set) var version = 0
    /// SHA-256 of the file's bytes, 64 hexadecimal digits.
    public let digest: String
    /// Bytes of the file.
    public let bytes: Int
    /// When it was registered.
    public let registeredAt: Date
    /// Where the file was taken from, as the user gave it.
    public let source: String
    /// What the file holds.
    public let contents: ModelContents
    /// The run that it came from, and what that run says of it; nil for other files.
    public let run: ModelRun?
    /// Digest of the registered model that it was made from (by distilling, quantising, pruning); nil when none was named.
    public let parent: String?

    /// Columns of the table, where they differ from the properties' names.
    private enum CodingKeys: String, CodingKey {
        case id, name, version, digest, bytes, source, contents, run, parent
        case registeredAt = "registered_at"
    }

    /// Describes a version that is to be registered.
    public init(
        name: String, digest: String, bytes: Int, source: String, contents: ModelContents, run: ModelRun?,
        parent: String?
    ) {
        (self.name, self.digest, self.bytes, self.source) = (name, digest, bytes, source)
        (self.contents, self.run, self.parent) = (contents, run, parent)
        registeredAt = Date(timeIntervalSince1970: Date.now.timeIntervalSince1970.rounded(.down))
    }

    /// Name of its file in the registry's folder.
    public var fileName: String { digest + ".safetensors" }
    /// Accuracy in [0, 1] on the server's test set: the run's, or else what was counted when it was registered; nil where
    /// neither is known.
    public var accuracy: Double? { run?.accuracy ?? contents.accuracy }
    /// How a user names this version: `digits@3`.
    public var reference: String { "\(name)@\(version)" }
}

/// What a model's file holds: its signature.
public struct ModelContents: Codable, Sendable, Equatable {
    /// Name or layers of the model.
    public let architecture: String
    /// Precision of weights and arithmetic: `f32` or `int8`.
    public let precision: String
    /// Numbers of the model, running statistics included.
    public let parameters: Int
    /// Shape of one input, `[1, 28, 28]`.
    public let input: [Int]
    /// Numbers that it puts out for each input.
    public let outputs: Int
    /// What else the file says of itself, such as the digests of the data that it was trained on.
    public let metadata: [String: String]
    /// Accuracy in [0, 1] that was counted when it was registered, on the test data that the file names; nil where the run
    /// says it, or the data were not there.
    public let accuracy: Double?

    /// Describes a file. What it says of its signature is not repeated in the metadata.
    ///
    /// - Parameters:
    ///   - metadata: what else the file says, by key.
    ///   - accuracy: what was counted, in [0, 1].
    public init(
        architecture: String, precision: String, parameters: Int, input: [Int], outputs: Int,
        metadata: [String: String], accuracy: Double? = nil
    ) {
        (self.architecture, self.precision, self.parameters) = (architecture, precision, parameters)
        (self.input, self.outputs, self.metadata) = (input, outputs, metadata)
        self.accuracy = accuracy
    }
}

/// The run that a model came from, as the history had it when the model was registered.
public struct ModelRun: Codable, Sendable, Equatable {
    /// The run's name; its folder may be gone.
    public let name: String
    /// The round that the weights are of.
    public let round: Int
    /// The strategy's name.
    public let strategy: String
    /// The data set's name; digests of the data are in the file's own metadata.
    public let dataset: String
    /// On the server's test set, in [0, 1].
    public let accuracy: Double?
    /// Mean loss there.
    public let loss: Double?
    /// Metrics of the last round by name, `epsilon` among them in a run with differential privacy.
    public let metrics: [String: Double]

    /// Describes a run as it stands when the model is registered; what it does later changes nothing here.
    ///
    /// - Parameter round: the last one that is in the weights.
    public init(
        name: String, round: Int, strategy: String, dataset: String, accuracy: Double?, loss: Double?,
        metrics: [String: Double]
    ) {
        (self.name, self.round, self.strategy, self.dataset) = (name, round, strategy, dataset)
        (self.accuracy, self.loss, self.metrics) = (accuracy, loss, metrics)
    }
}

/// A name for whichever version is meant at the time, such as `champion`.
public struct ModelAlias: Codable, Sendable, Equatable {
    /// The model's name.
    public let name: String
    /// The word behind the `@`.
    public let alias: String
    /// The version that it means.
    public let version: Int
    /// Since when.
    public let movedAt: Date

    private enum CodingKeys: String, CodingKey {
        case name, alias, version
        case movedAt = "moved_at"
    }
}

/// A step in the history of an alias.
public struct AliasMove: Codable, Sendable, Equatable {
    /// The word behind the `@`.
    public let alias: String
    /// The version that it meant from then on; nil when it was removed.
    public let version: Int?
    /// When it was moved or removed.
    public let movedAt: Date
    /// Why, in the user's words.
    public let note: String?

    private enum CodingKeys: String, CodingKey {
        case alias, version, note
        case movedAt = "moved_at"
    }
}
