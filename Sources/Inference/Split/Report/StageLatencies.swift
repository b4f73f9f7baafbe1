public import Runtime

/// The time of an image by stage, from when the image is there to when its prediction is. For each image the stages add
/// up to its total; percentiles of stages do not add up.
///
/// Each side measures differences of its own clock only, so clocks of different hosts are never compared. Images of one
/// message share its times, but for their arrivals in an open loop.
public struct StageLatencies: Sendable, Codable {
    /// Time from the image's arrival to its prediction. In an open loop the arrival is the scheduled one, whether or
    /// not the device was ready then; otherwise the moment at which the device turns to the image's batch.
    public var total = LatencyHistogram()
    /// The device's work on the batch: reading, its layers, and encoding.
    public var device = LatencyHistogram()
    /// Waiting until a rank turns to the image: before the device's layers, at the server before its pass, and at a
    /// device that was computing when the answer came. The last cannot be observed directly: all computation since the
    /// last look counts, up to the time on the way.
    public var queue = LatencyHistogram()
    /// Time on the way, both ways: the round trip without the time for which, as its answer says, the server kept the
    /// batch. Includes a simulated link's delays.
    public var network = LatencyHistogram()
    /// The server's pass with the batch: decoding, its layers, and writing answers.
    public var server = LatencyHistogram()

    /// Empty histograms.
    public init() {}

    /// The stages with their names, in the order in which an image passes them, and the total last.
    public var stages: [(name: String, histogram: LatencyHistogram)] {
        [("device", device), ("queue", queue), ("network", network), ("server", server), ("total", total)]
    }

    /// Adds another device's images.
    public mutating func add(_ other: StageLatencies) {
        total.add(other.total)
        device.add(other.device)
        queue.add(other.queue)
        network.add(other.network)
        server.add(other.server)
    }
}
