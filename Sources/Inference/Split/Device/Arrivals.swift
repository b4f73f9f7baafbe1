import FedCore

/// When a device's images are there: at once (a closed loop), or at the times of a Poisson process (an open loop), which
/// does not wait for anybody: what comes while the device is busy has come all the same, and its latency counts from then.
struct Arrivals {
    /// In nanoseconds from the start, ascending; empty in a closed loop.
    private let times: [Int]

    static let atOnce = Arrivals(times: [])

    private init(times: [Int]) { self.times = times }

    /// - Parameter rate: images a second at this device.
    init(count: Int, rate: Double, seed: UInt64, rank: Int) {
        var stream = RandomStream(seed: seed, .arrivals, client: rank)
        var seconds = 0.0
        times = (0..<count).map { _ in
            seconds += stream.exponential(mean: 1 / rate)
            return Int(min(seconds, 1e8) * 1e9)
        }
    }

    var isOpen: Bool { !times.isEmpty }

    /// When a request arrives; nil in a closed loop.
    func time(of request: Int) -> Int? { isOpen ? times[request] : nil }

    /// How many of `most` requests from `first` on have come.
    func count(from first: Int, at now: Int, most: Int) -> Int {
        guard isOpen else { return most }
        var count = 0
        while count < most, times[first + count] <= now { count += 1 }
        return count
    }
}
