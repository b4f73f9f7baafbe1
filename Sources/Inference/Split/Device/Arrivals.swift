import FedCore

/// The times at which a device's images arrive: all at once (a *closed loop*: the device takes the next whenever it has
/// room), or by a Poisson process (an *open loop*).
///
/// Arrivals of an open loop wait for nobody. What comes while the device is busy has come all the same, and its latency
/// counts from then, so that a stall is charged to every image that it delays (no *coordinated omission*).
struct Arrivals {
    /// Nanoseconds from the start of the run, ascending; empty in a closed loop.
    private let times: [Int]

    /// The closed loop.
    static let atOnce = Arrivals(times: [])

    private init(times: [Int]) { self.times = times }

    /// Draws the arrivals of an open loop, before the run starts: drawing costs no time while latencies are measured,
    /// and they are the same for the same seed and rank.
    ///
    /// - Parameters:
    ///   - count: Requests of this device.
    ///   - rate: Images a second at this device, > 0: the run's rate over the number of devices.
    ///   - seed: The run's seed.
    ///   - rank: The device's rank, so that devices draw different times.
    init(count: Int, rate: Double, seed: UInt64, rank: Int) {
        var stream = RandomStream(seed: seed, .arrivals, client: rank)
        var seconds = 0.0
        times = (0..<count).map { _ in
            seconds += stream.exponential(mean: 1 / rate)
            return Int(min(seconds, 1e8) * 1e9)
        }
    }

    /// Whether images arrive at times of their own.
    var isOpen: Bool { !times.isEmpty }

    /// The arrival of a request in nanoseconds from the start; nil in a closed loop.
    func time(of request: Int) -> Int? { isOpen ? times[request] : nil }

    /// The number of requests that have arrived and can go into one batch.
    ///
    /// - Parameters:
    ///   - first: The first request that is not computed yet.
    ///   - now: Nanoseconds from the start.
    ///   - most: The largest batch; `first + most` must not pass the last request.
    /// - Returns: 0 to `most`; always `most` in a closed loop.
    func count(from first: Int, at now: Int, most: Int) -> Int {
        guard isOpen else { return most }
        var count = 0
        while count < most, times[first + count] <= now { count += 1 }
        return count
    }
}
