import FedCore

/// The requests that a device gets: one phase after another.
public struct Load: Sendable, Codable, Equatable {
    public struct Phase: Sendable, Codable, Equatable {
        /// Requests a second, in a Poisson process; nil: the next one comes when the last one is answered.
        public var rate: Double?
        /// Seconds on the device's clock.
        public var seconds: Double?
        /// Requests after which it ends; one of the two is there.
        public var requests: Int?

        public init(rate: Double? = nil, seconds: Double? = nil, requests: Int? = nil) {
            precondition(seconds != nil || requests != nil, "a phase without an end")
            self.rate = rate
            self.seconds = seconds
            self.requests = requests
        }
    }

    public var phases: [Phase]
    /// Requests that may wait; who comes when so many do is turned away.
    public var longestQueue: Int

    public init(phases: [Phase], longestQueue: Int = 1000) {
        self.phases = phases
        self.longestQueue = longestQueue
    }

    /// Seconds that it takes at most, as far as can be said: no more than 10⁸, three years.
    /// - Parameter latency: seconds of a request's computing, at most.
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

    /// Seconds of one of 200 slices of the whole; nil where it is not known how long it takes.
    var sliceSeconds: Double? {
        let seconds = phases.compactMap(\.seconds)
        return seconds.count == phases.count ? seconds.reduce(0, +) / 200 : nil
    }
}

/// The moments of a Poisson process: independent exponential distances.
struct PoissonArrivals {
    private var random: RandomStream
    private let mean: Double
    private(set) var next: Duration

    /// - Parameter rate: requests a second, > 0.
    init(rate: Double, from start: Duration, seed: UInt64, device: Int, phase: Int) {
        random = RandomStream(seed: seed, .arrivals, round: phase + 1, client: device)
        mean = 1 / rate
        next = start
        advance()
    }

    mutating func advance() {
        next += .seconds(random.exponential(mean: mean))
    }
}
