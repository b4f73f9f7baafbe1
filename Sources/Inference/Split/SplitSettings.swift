public import Datasets
import Devices
public import FedCore
import NeuralNet

/// What a run of split inference is to do. Rank 0's are everybody's.
public struct SplitSettings: Sendable, Codable, Equatable {
    /// Where the model is cut.
    public enum Cut: Sendable, Codable, Equatable {
        /// Where the model says.
        case ofModel
        /// Before the layer of this index; 0: all layers on the server, as many as there are: all on the devices.
        case layer(Int)
        /// Where the objective is best, by what is measured before the run.
        case automatic(Objective)
    }

    /// What a cut is chosen for.
    public enum Objective: String, Sendable, Codable, CaseIterable {
        /// Images a second, of all devices.
        case throughput
        /// The time of one batch of a device that is alone.
        case latency
    }

    /// How much of the model is on a device.
    public enum DeviceHas: String, Sendable, Codable, CaseIterable {
        /// All of it: a device whose server is lost goes on alone.
        case model
        /// The layers before the cut.
        case front
    }

    public var cut = Cut.ofModel
    /// Images of a message, > 0; in an open loop, at most.
    public var batch = 32
    /// Messages of a device that may be unanswered at a time, > 0.
    public var window = 4
    /// Images of one pass of the server, at most; ≥ `batch`.
    public var maxBatch = 256
    /// How long the server lets a message wait for others to share its pass, in seconds.
    public var maxWait = 0.0
    /// Bytes at most that the server keeps for messages that have come.
    public var serverBytes = 64 << 20
    /// A name of `FeatureCodecs`.
    public var features = Float32Features.name
    /// Images that are classified, by all devices together; nil: each of the test set once.
    public var images: Int?
    /// Images that arrive in a second, at all devices together, at random times; nil: a device takes the next as soon as
    /// it can.
    public var rate: Double?
    /// Simulated: of each device's link, up and down; nil is no limit.
    public var bandwidthMbps: Double?
    /// Simulated: of the server's own link, which all devices share; nil is no limit.
    public var serverBandwidthMbps: Double?
    /// Simulated: what each message takes besides, in milliseconds.
    public var latencyMs = 0.0
    public var deviceHas = DeviceHas.model
    /// Data set whose test images are classified.
    public var dataset = "fashion-mnist"
    /// What it is opened with.
    public var datasetOptions = DatasetOptions()
    /// What these images are, for people: e.g. `the 10,000 test images of fashion-mnist`.
    public var testImages = ""
    /// Seed of the arrivals.
    public var seed: UInt64 = 42
    public var threads = 1
    /// Seconds of silence after which a rank is lost.
    public var failureTimeout = 10.0

    public init() {
        datasetOptions.seed = seed
    }

    /// The link of a rank.
    func link(of rank: Int) -> Link {
        rank == 0
            ? Link(megabitsPerSecond: serverBandwidthMbps)
            : Link(megabitsPerSecond: bandwidthMbps, latencyMilliseconds: latencyMs)
    }

    /// Whether anything of the links is simulated.
    public var isLinkSimulated: Bool { !link(of: 0).isIdeal || !link(of: 1).isIdeal }

    /// - Throws: `ConfigurationError` that says what is accepted.
    public func validate() throws(ConfigurationError) {
        func check(_ isGood: Bool, _ option: String, _ value: some Any, _ accepted: String) throws(ConfigurationError) {
            if !isGood { throw ConfigurationError("--\(option) is \(value); it must be \(accepted)") }
        }
        let most = 1 << 20
        try check((1...65_536).contains(batch), "batch", batch, "from 1 to 65536")
        try check((1...4096).contains(window), "window", window, "from 1 to 4096")
        try check((batch...most).contains(maxBatch), "max-batch", maxBatch, "from --batch (\(batch)) to \(most)")
        try check(maxWait >= 0 && maxWait <= 60, "max-wait", maxWait, "from 0 to 60 s")
        try check(serverBytes > 0, "server-buffer-mb", Double(serverBytes) / 1e6, "more than 0")
        if let images { try check((1...1 << 30).contains(images), "images", images, "at least 1") }
        if let rate { try check(rate > 0 && rate <= 1e9, "rate", rate, "more than 0 images a second") }
        for (name, value) in [("bandwidth-mbps", bandwidthMbps), ("server-bandwidth-mbps", serverBandwidthMbps)] {
            guard let value else { continue }
            try check(Link.possibleMegabitsPerSecond.contains(value), name, value, "from 0.001 to 1000000")
        }
        try check((0...60_000).contains(latencyMs), "latency-ms", latencyMs, "from 0 to 60000")
        try check(ThreadCount.range.contains(threads), "threads", threads, ThreadCount.words)
        try check((0.1...3600).contains(failureTimeout), "failure-timeout", failureTimeout, "from 0.1 to 3600 s")
        _ = try FeatureCodecs.named(features)
    }

    /// The cut that is asked for; nil if it is to be measured.
    func cut(of model: Model) throws(ConfigurationError) -> Int? {
        switch cut {
        case .automatic: return nil
        case .layer(let layer):
            guard (0...model.layers.count).contains(layer) else {
                throw ConfigurationError(
                    "--cut is \(layer); \(model.name) can be cut at 0 to \(model.layers.count): `fedmpi models` lists its layers"
                )
            }
            return layer
        case .ofModel:
            guard let cut = model.cut else {
                throw ConfigurationError("\(model.name) has no cut of its own; choose --cut N or --cut auto")
            }
            return cut
        }
    }
}
