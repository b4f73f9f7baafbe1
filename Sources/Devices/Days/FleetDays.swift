/// Days of a fleet without any training: what share of it could be asked at each moment, and how full batteries are.
public struct FleetDays: Sendable {
    /// A moment.
    public struct Sample: Sendable, Equatable {
        /// Hours from a Monday's midnight.
        public var hour: Double
        /// Shares of the devices: that could be asked, on a charger, in use, offline, away from home.
        public var eligible = 0.0
        public var charging = 0.0
        public var inUse = 0.0
        public var offline = 0.0
        public var away = 0.0
        /// Shares of the devices that are connected, on a charger or the mains, and above the charge below which none is
        /// asked. Those that could be asked are connected and charged, and whatever else is asked for, all at once.
        public var connected = 0.0
        public var powered = 0.0
        public var charged = 0.0
        /// Charge of the batteries: a tenth has less than the first, half of them less than the second, a tenth more than
        /// the third. Empty without batteries.
        public var charge: [Double] = []
        /// Shares of each class's devices that could be asked.
        public var byClass: [Double] = []
    }

    /// The moments, evenly apart.
    public private(set) var samples: [Sample] = []
    /// Number of devices of each class.
    public let devices: [Int]
    /// The fleet at the end.
    public private(set) var end: FleetState
    /// The largest difference between a battery and its books, relative to what went through them.
    public private(set) var largestGap = 0.0

    /// Lets days pass.
    /// - Parameters:
    ///   - state: the fleet at the start.
    ///   - seconds: how long.
    ///   - interval: seconds between two samples, > 0.
    ///   - progress: told after each sample how much is done, in [0, 1].
    /// - Complexity: O(devices · samples).
    /// ```swift
    /// let state = FleetState(.people, clients: 1_000, seed: 42)
    /// let week = FleetDays(state, seconds: 7 * 86_400, interval: 600)
    /// print(week.samples.map(\.eligible).min() ?? 0)
    /// ```
    public init(
        _ state: FleetState, seconds: Double, interval: Double, progress: (Double) -> Void = { _ in }
    ) {
        var state = state
        var devices = [Int](repeating: 0, count: state.fleet.classes.count)
        for client in 0..<state.count { devices[state.classIndex(of: client)] += 1 }
        self.devices = devices
        let start = state.now
        let steps = Int(seconds / interval)
        for step in 0...steps {
            state.advance(to: start + Double(step) * interval)
            samples.append(Self.sample(state, devices))
            progress(Double(step + 1) / Double(steps + 1))
        }
        end = state
        for client in 0..<state.count { largestGap = max(largestGap, state.gap(of: client)) }
    }

    /// One look at every device. O(devices).
    private static func sample(_ state: FleetState, _ devices: [Int]) -> Sample {
        var counts = [Int](repeating: 0, count: 8)
        var byClass = [Int](repeating: 0, count: devices.count)
        for client in 0..<state.count {
            let now = state.state(of: client)
            if now.contains(.charging) { counts[1] += 1 }
            if now.contains(.inUse) { counts[2] += 1 }
            if now.contains(.offline) { counts[3] += 1 }
            if now.contains(.away) { counts[4] += 1 }
            if state.isConnected(client) { counts[5] += 1 }
            if state.isPowered(client) { counts[6] += 1 }
            if state.isCharged(client) { counts[7] += 1 }
            guard state.isEligible(client) else { continue }
            counts[0] += 1
            byClass[state.classIndex(of: client)] += 1
        }
        let shares = counts.map { Double($0) / Double(state.count) }
        var sample = Sample(hour: state.now / 3600)
        (sample.eligible, sample.charging, sample.inUse) = (shares[0], shares[1], shares[2])
        (sample.offline, sample.away) = (shares[3], shares[4])
        (sample.connected, sample.powered, sample.charged) = (shares[5], shares[6], shares[7])
        sample.charge = state.chargePercentiles([0.1, 0.5, 0.9])
        sample.byClass = zip(byClass, devices).map { $1 > 0 ? Double($0) / Double($1) : 0 }
        return sample
    }
}

extension FleetState {
    /// How far a device's battery is from its books, relative to the joules that went through them; rounding alone.
    public func gap(of client: Int) -> Double {
        let (battery, ledger) = books(of: client)
        let through = ledger.start + ledger.charged + ledger.mains
        return through > 0 ? abs(battery - ledger.balance) / through : 0
    }
}
