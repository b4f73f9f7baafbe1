/// A client's link to the server: the same up and down.
public struct Link: Sendable, Equatable {
    /// Megabits (10⁶ bits) a second; nil is no limit.
    public var megabitsPerSecond: Double?
    /// Milliseconds that each message takes besides, ≥ 0.
    public var latencyMilliseconds: Double

    /// The bandwidths that can be asked for: a kilobit a second to a terabit. Times stay finite, and short enough to count.
    public static let possibleMegabitsPerSecond = 0.001...1e6

    /// A link that costs nothing, unless told otherwise.
    public init(megabitsPerSecond: Double? = nil, latencyMilliseconds: Double = 0) {
        self.megabitsPerSecond = megabitsPerSecond
        self.latencyMilliseconds = latencyMilliseconds
    }

    /// Whether a message takes no time.
    public var isIdeal: Bool { megabitsPerSecond == nil && latencyMilliseconds == 0 }

    /// How long a message of so many bytes takes, in seconds: latency + bytes / bandwidth.
    public func seconds(bytes: Int) -> Double {
        latencyMilliseconds / 1000 + (megabitsPerSecond.map { Double(bytes) * 8 / ($0 * 1e6) } ?? 0)
    }
}
