import MPI
import Runtime

/// A linear model of a link, fitted to measured round trips: a message of `n` bytes takes `latency + n / bandwidth`
/// seconds one way.
public struct LinkEstimate: Sendable, Codable, Equatable {
    /// Seconds that an empty message takes, one way; ≥ 0.
    public var latency: Double
    /// Bytes a second, each way; > 0. Infinite where sending is free.
    public var bandwidth: Double

    /// An estimate with known values, e.g. of a link that is not there.
    ///
    /// - Parameters:
    ///   - latency: Seconds one way, ≥ 0.
    ///   - bandwidth: Bytes a second, > 0.
    public init(latency: Double, bandwidth: Double) {
        self.latency = latency
        self.bandwidth = bandwidth
    }

    /// The predicted time of a message, one way, on a link that is otherwise idle.
    public func seconds(bytes: Double) -> Double { latency + bytes / bandwidth }

    /// Fits latency and bandwidth by weighted least squares: the line with the smallest sum of squared *relative*
    /// errors. Plain least squares would fit the longest messages only, and give a latency of any sign.
    ///
    /// - Parameter points: One-way times of messages of at least two different sizes; times > 0, in seconds.
    public init(fitting points: [(bytes: Int, seconds: Double)]) {
        var (w, wx, wy, wxx, wxy) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for point in points {
            let (x, y) = (Double(point.bytes), max(point.seconds, 1e-9))
            let weight = 1 / (y * y)
            w += weight
            wx += weight * x
            wy += weight * y
            wxx += weight * x * x
            wxy += weight * x * y
        }
        let slope = (w * wxy - wx * wy) / (w * wxx - wx * wx)
        // A fast link's slope drowns in noise: then bytes cost nothing that could be measured.
        bandwidth = 1 / max(slope, 1e-13)
        latency = max(0, (wy - max(slope, 0) * wx) / w)
    }
}

/// Ping-pong between rank 0 and one device, as network benchmarks do it: one message at a time, by MPI's blocking
/// calls, which busy-wait and so have the shortest reaction.
enum PingPong {
    /// Seconds after which a measurement ends, if 1,000 round trips have not ended it before.
    private static let patience = 0.15

    /// Measures the median round trip between a device and the server. Collective over the two ranks; blocks both for
    /// at most about 0.15 s and one round trip.
    ///
    /// - Parameters:
    ///   - up: Bytes to the server; at least one is sent, which says whether it is the last.
    ///   - down: Bytes back.
    ///   - device: Rank of the device.
    ///   - communicator: The one whose link is of interest; a simulated link delays here, too.
    /// - Returns: Seconds, on the device; nil on the server.
    static func roundTrip(up: Int, down: Int, device: Int, on communicator: any Communicator) throws -> Double? {
        var upward = Buffer<UInt8>(count: max(up, 1))
        var downward = Buffer<UInt8>(count: max(down, 1))
        guard communicator.rank > 0 else {
            repeat {
                try communicator.receive(into: &upward, from: device, tag: SplitTag.ping)
                try communicator.send(downward, to: device, tag: SplitTag.ping)
            } while upward[0] == 0
            return nil
        }
        var times: [Int] = []
        let start = MonotonicClock.now
        repeat {
            let sent = MonotonicClock.now
            // The first byte says that it is the last.
            upward[0] = times.count >= 999 || sent - start > Int(patience * 1e9) ? 1 : 0
            try communicator.send(upward, to: 0, tag: SplitTag.ping)
            try communicator.receive(into: &downward, from: 0, tag: SplitTag.ping)
            times.append(MonotonicClock.now - sent)
        } while upward[0] == 0
        // The first ones set up the connection.
        let settled = times.dropFirst(min(20, times.count / 2)).sorted()
        return Double(settled[settled.count / 2]) / 1e9
    }

    /// Measures one device's link with messages of 64 B to 64 KiB and fits a line. Collective over rank 0 and the
    /// device; at most about 0.6 s.
    ///
    /// - Returns: The estimate, on the device; nil on the server.
    static func estimate(device: Int, on communicator: any Communicator) throws -> LinkEstimate? {
        var points: [(bytes: Int, seconds: Double)] = []
        for bytes in [64, 1_024, 8_192, 65_536] {
            if let seconds = try roundTrip(up: bytes, down: bytes, device: device, on: communicator) {
                points.append((bytes, seconds / 2))
            }
        }
        return points.isEmpty ? nil : LinkEstimate(fitting: points)
    }
}
