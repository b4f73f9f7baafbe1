public import Datasets
import Devices
public import FedCore
import NeuralNet

/// The settings of a run of split inference: the options of `fedmpi split`. Rank 0's are used by every rank; they
/// travel as JSON and stand in `split.json`.
public struct SplitSettings: Sendable, Codable, Equatable {
    /// Where the model is cut.
    public enum Cut: Sendable, Codable, Equatable {
        /// The boundary that the model names itself (`Model.cut`).
        case ofModel
        /// The boundary before the layer of this index, 0 to the number of layers: with 0 all layers are on the server,
        /// with their number all on the devices.
        case layer(Int)
        /// The boundary that is best for an objective, by what is measured before the run (``CutTable``).
        case automatic(Objective)
    }

    /// What a cut is chosen for.
    public enum Objective: String, Sendable, Codable, CaseIterable {
        /// Most images a second, of all devices together.
        case throughput
        /// Shortest time of one batch of a device that is alone.
        case latency
    }

    /// How much of the model a device is given.
    public enum DeviceHas: String, Sendable, Codable, CaseIterable {
        /// The whole model: a device whose server is lost goes on alone.
        case model
        /// The layers before the cut: less to send at the start and less memory, but no going on without the server.
        case front
    }

    /// Where the model is cut.
    public var cut = Cut.ofModel
    /// Images of a message, 1 to 65,536. In an open loop a message takes what has arrived, up to this.
    public var batch = 32
    /// Messages of a device that may be unanswered at a time, 1 to 4,096. 1 is one batch at a time, without overlap.
    public var window = 4
    /// Images of one pass of the server at most; `batch` to 2²⁰.
    public var maxBatch = 256
    /// Seconds for which the server lets a message wait for others to share its pass, 0 to 60. With 0 a pass takes what
    /// is there.
    public var maxWait = 0.0
    /// Bytes that the server keeps for messages that have arrived, at most, of all devices; one message of each is
    /// always kept.
    public var serverBytes = 64 << 20
    /// Name of the encoding of features, one of ``FeatureCodecs``.
    public var features = Float32Features.name
    /// Images that are classified, by all devices together, 1 to 2³⁰; nil: each of the test set once.
    public var images: Int?
    /// Images that arrive in a second, at all devices together, at the times of a Poisson process (open loop); nil: a
    /// device takes the next image as soon as it can (closed loop).
    public var rate: Double?
    /// Simulated bandwidth of each device's link, up and down, in 10⁶ bit/s; nil: not limited.
    public var bandwidthMbps: Double?
    /// Simulated bandwidth of the server's own link, which all devices share, in 10⁶ bit/s; nil: not limited.
    public var serverBandwidthMbps: Double?
    /// Simulated one-way latency of each device's link, in milliseconds, 0 to 60,000.
    public var latencyMs = 0.0
    /// Simulated devices, one after another of which the ranks from 1 on are, in turn; nil: ranks are as fast as they are.
    /// Where there are some, their links stand in place of ``bandwidthMbps``.
    public var devices: [SplitDevice]?
    /// How much of the model a device is given.
    public var deviceHas = DeviceHas.model
    /// Data set whose test images are classified.
    public var dataset = "fashion-mnist"
    /// How the data set is opened.
    public var datasetOptions = DatasetOptions()
    /// The test images in words, for output: e.g. `the 10,000 test images of fashion-mnist`.
    public var testImages = ""
    /// Seed of the arrivals in an open loop.
    public var seed: UInt64 = 42
    /// Threads of a pass, on every rank.
    public var threads = 1
    /// Seconds of silence after which a rank is lost, 0.1 to 3,600.
    public var failureTimeout = 10.0

    /// The defaults.
    public init() {
        datasetOptions.seed = seed
    }

    /// The simulated link of a rank: the server's own for rank 0, the devices' otherwise. Ideal where nothing is
    /// simulated.
    func link(of rank: Int) -> Link {
        rank == 0
            ? Link(megabitsPerSecond: serverBandwidthMbps)
            : Link(
                megabitsPerSecond: device(of: rank)?.linkMegabits ?? bandwidthMbps, latencyMilliseconds: latencyMs)
    }

    /// Whether any link is simulated; reports say so.
    public var isLinkSimulated: Bool { !link(of: 0).isIdeal || !link(of: 1).isIdeal }

    /// Checks every value that does not depend on the model.
    ///
    /// - Throws: ``ConfigurationError`` that names the option and what it accepts.
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
        for device in devices ?? [] { try device.validate() }
        if devices != nil, bandwidthMbps != nil {
            throw ConfigurationError(
                "--bandwidth-mbps goes with devices that are alike: --fleet states it of each class")
        }
        try check((0...60_000).contains(latencyMs), "latency-ms", latencyMs, "from 0 to 60000")
        try check(ThreadCount.range.contains(threads), "threads", threads, ThreadCount.words)
        try check((0.1...3600).contains(failureTimeout), "failure-timeout", failureTimeout, "from 0.1 to 3600 s")
        _ = try FeatureCodecs.named(features)
    }

    /// The cut that is asked for.
    ///
    /// - Parameter model: The whole model.
    /// - Returns: Index of the first layer on the server; nil if it is to be measured.
    /// - Throws: ``ConfigurationError`` when the model cannot be cut there, or has no cut of its own.
    func cut(of model: Model) throws(ConfigurationError) -> Int? {
        switch cut {
        case .automatic: return nil
        case .layer(let layer):
            guard (0...model.layers.count).contains(layer) else {
                throw ConfigurationError(
                    "--cut is \(layer); \(model.name) can be cut at 0 to \(model.layers.count): `fedmpi models` lists its layers"
                )
            }
            try model.checkCut(layer)
            return layer
        case .ofModel:
            guard let cut = model.cut else {
                throw ConfigurationError("\(model.name) has no cut of its own; choose --cut N or --cut auto")
            }
            return cut
        }
    }
}
