import MPI
import Runtime

/// What a link does to a message, as measured: seconds = latency + bytes / bandwidth.
public struct LinkEstimate: Sendable, Codable, Equatable {
    /// Seconds of a message without bytes, one way.
    public var latency: Double
    /// Bytes a second.
    public var bandwidth: Double

    public init(latency: Double, bandwidth: Double) {
        self.latency = latency
        self.bandwidth = bandwidth
    }

    /// Seconds of a message, one way.
    public func seconds(bytes: Double) -> Double { latency + bytes / bandwidth }

    /// The line through measured points that has the smallest sum of squared relative errors.
    /// - Parameter points: at least two different sizes, with times > 0.
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

/// Ping-pong between rank 0 and one device.
enum PingPong {
    /// Seconds for one measurement.
    private static let patience = 0.15

    /// The median round trip, in seconds: `up` bytes to the server, `down` bytes back, by MPI's blocking calls. Both ranks
    /// call it.
    /// - Returns: on the device; on the server nil.
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

    /// How the link of one device is. Both ranks call it.
    /// - Returns: on the device; on the server nil.
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
