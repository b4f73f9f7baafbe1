public import Runtime

/// Where the time of an image goes, from when it is there to when its prediction is. The stages of an image add up to its
/// total.
public struct StageLatencies: Sendable, Codable {
    /// From the scheduled arrival in an open loop, whether or not the device was ready then; otherwise from when the
    /// device turns to its batch.
    public var total = LatencyHistogram()
    /// The device works on the batch: its layers, and the features' encoding.
    public var device = LatencyHistogram()
    /// Waiting for a rank to turn to it: before the device's layers, at the server before its pass, and for a device that
    /// computed while the answer came. When an answer came during a computation cannot be seen, so all of that computation
    /// since the last look counts, but no more than the time on the way.
    public var queue = LatencyHistogram()
    /// On the way, both ways: the round trip without what the server says it kept the batch, so no clocks are compared.
    public var network = LatencyHistogram()
    /// The server works on the pass with the batch.
    public var server = LatencyHistogram()

    public init() {}

    /// The stages with their names, in the order of the way.
    public var stages: [(name: String, histogram: LatencyHistogram)] {
        [("device", device), ("queue", queue), ("network", network), ("server", server), ("total", total)]
    }

    /// Counts what another device has counted, too.
    public mutating func add(_ other: StageLatencies) {
        total.add(other.total)
        device.add(other.device)
        queue.add(other.queue)
        network.add(other.network)
        server.add(other.server)
    }
}
