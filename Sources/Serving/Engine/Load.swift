import FedCore

/// The requests that a device gets: phases one after another, each an open or a closed loop.
public struct Load: Sendable, Codable, Equatable {
    /// A part of the load. It ends after its seconds or its requests, whichever comes first.
    public struct Phase: Sendable, Codable, Equatable {
        /// Requests a second, in a Poisson process (open loop). nil: the next request comes when the last one is
        /// answered (closed loop).
        public var rate: Double?
        /// Duration on the device's clock, in seconds; nil: not limited.
        public var seconds: Double?
        /// Requests after which it ends; nil: not limited.
        public var requests: Int?

        /// A phase that ends.
        ///
        /// - Precondition: Seconds or requests are given, or the phase would not end.
        public init(rate: Double? = nil, seconds: Double? = nil, requests: Int? = nil) {
            precondition(seconds != nil || requests != nil, "a phase without an end")
            self.rate = rate
            self.seconds = seconds
            self.requests = requests
        }
    }

    /// The phases, in order.
    public var phases: [Phase]
    /// Requests that may wait in an open loop; one that comes when so many do is turned away and counted. Bounds memory
    /// and the time to empty the queue when no variant copes.
    public var longestQueue: Int

    /// A load of phases.
    ///
    /// - Parameters:
    ///   - phases: In order.
    ///   - longestQueue: Requests that may wait.
    public init(phases: [Phase], longestQueue: Int = 1000) {
        self.phases = phases
        self.longestQueue = longestQueue
    }

    /// An upper estimate of the duration, by which a device that hangs is told from one that is slow. At most 10⁸ s,
    /// three years.
    ///
    /// - Parameter latency: Seconds of a request's computing, at most.
    /// - Returns: Seconds on the device's clock.
    public func longestSeconds(latency: Double) -> Double {
        let seconds = phases.reduce(0) { sum, phase in
            let requests = phase.requests.map { Double($0) } ?? .infinity
            // An open phase also answers those that wait when it ends.
            let waiting = phase.rate == nil ? 0 : min(requests, Double(longestQueue)) * latency
            let asking = phase.rate.map { requests / $0 } ?? requests * latency
            return sum + min(phase.seconds ?? .infinity, asking) + waiting
        }
        return min(seconds, 1e8)
    }

    /// Seconds of one of 200 slices of the whole, for a picture; nil where a phase ends after requests, and it is not
    /// known how long it takes.
    var sliceSeconds: Double? {
        let seconds = phases.compactMap(\.seconds)
        return seconds.count == phases.count ? seconds.reduce(0, +) / 200 : nil
    }
}

/// The arrivals of a Poisson process: independent, exponentially distributed distances. The same seed, device and phase
/// give the same arrivals, whatever the device does.
struct PoissonArrivals {
    private var random: RandomStream
    /// Mean distance in seconds.
    private let mean: Double
    /// The next arrival, on the device's clock.
    private(set) var next: Duration

    /// Draws the first arrival.
    ///
    /// - Parameters:
    ///   - rate: Requests a second, > 0.
    ///   - start: When the phase begins, on the device's clock.
    ///   - seed: The run's seed.
    ///   - device: Index of the device; each has arrivals of its own.
    ///   - phase: Index of the phase.
    init(rate: Double, from start: Duration, seed: UInt64, device: Int, phase: Int) {
        random = RandomStream(seed: seed, .arrivals, round: phase + 1, client: device)
        mean = 1 / rate
        next = start
        advance()
    }

    /// Draws the arrival after ``next``.
    mutating func advance() {
        next += .seconds(random.exponential(mean: mean))
    }
}
