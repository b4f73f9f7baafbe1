/// A slow network link, the same in both directions: a bandwidth and a latency. It is a description only;
/// virtual time adds its seconds up, and a communicator behind a slow link sleeps them through.
public struct Link: Sendable, Equatable {
    /// Bandwidth in megabits (10⁶ bits) a second, within ``possibleMegabitsPerSecond``; nil: no limit.
    public var megabitsPerSecond: Double?
    /// Milliseconds that each message takes besides, ≥ 0.
    public var latencyMilliseconds: Double

    /// Bandwidths that can be asked for: from a kilobit to a terabit a second. With these, times stay finite
    /// and do not vanish beside others.
    public static let possibleMegabitsPerSecond = 0.001...1e6

    /// Creates a link, one that takes no time by default.
    public init(megabitsPerSecond: Double? = nil, latencyMilliseconds: Double = 0) {
        self.megabitsPerSecond = megabitsPerSecond
        self.latencyMilliseconds = latencyMilliseconds
    }

    /// Whether messages take no time.
    public var isIdeal: Bool { megabitsPerSecond == nil && latencyMilliseconds == 0 }

    /// Seconds that a message of so many bytes takes: latency + bytes / bandwidth.
    public func seconds(bytes: Int) -> Double {
        latencyMilliseconds / 1000 + (megabitsPerSecond.map { Double(bytes) * 8 / ($0 * 1e6) } ?? 0)
    }
}
