import Datasets
import FedCore

extension DatasetOptions {
    /// What a run opens its data set with.
    public init(_ settings: RunSettings) {
        self.init()
        clients = settings.clients
        samplesPerClient = settings.samplesPerClient
        seed = settings.seed
        named = settings.datasetOptions
    }

    /// The same for who has only the run's weights file, but for what the source takes by name; what the file does not say
    /// is as in `RunSettings()`.
    ///
    /// - Parameter metadata: of the file.
    /// - Throws: `ConfigurationError` when they say what is no seed or no number of clients or samples.
    public init(metadata: [String: String]) throws(ConfigurationError) {
        var settings = RunSettings()
        settings.seed = try Self.number("seed", in: metadata) ?? settings.seed
        settings.clients = try Self.number("clients", in: metadata) ?? settings.clients
        settings.samplesPerClient = try Self.number("samples_per_client", in: metadata) ?? settings.samplesPerClient
        self.init(settings)
    }

    private static func number<Number: FixedWidthInteger>(
        _ key: String, in metadata: [String: String]
    ) throws(ConfigurationError) -> Number? {
        guard let text = metadata[key] else { return nil }
        guard let number = Number(text) else {
            throw ConfigurationError("the model's file says \(key) '\(text)', which is no such number")
        }
        return number
    }
}

extension RunSettings {
    /// What a run's weights file says of its data: enough to find the samples again that it did not train on, where images
    /// are made from a seed, or a test split is drawn by it.
    public var datasetMetadata: [String: String] {
        [
            "dataset": dataset, "seed": "\(seed)", "clients": "\(clients)",
            "samples_per_client": "\(samplesPerClient)",
        ]
    }
}
