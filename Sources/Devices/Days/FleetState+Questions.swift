extension FleetState {
    /// Charges of the devices with batteries, from the lowest to the highest, at these shares of the way, to a thousandth;
    /// none without batteries. O(devices).
    public func chargePercentiles(_ shares: [Double]) -> [Double] {
        var counts = [Int](repeating: 0, count: 1001)
        var total = 0
        for client in 0..<count where capacities[Int(classes[client])] > 0 {
            counts[Int((charge(of: client) * 1000).rounded())] += 1
            total += 1
        }
        guard total > 0 else { return [] }
        return shares.map { share in
            var left = Int(share * Double(total - 1))
            return Double(
                counts.firstIndex { bin in
                    left -= bin
                    return left < 0
                } ?? 1000) / 1000
        }
    }

    /// Whether a device has a connection at this moment: it is not offline, nor elsewhere without a radio for that. O(1).
    public func isConnected(_ client: Int) -> Bool {
        Eligibility().admits(states[client], of: fleet.classes[Int(classes[client])])
    }

    /// Whether a device has the charge that the conditions ask for, or no battery. O(1).
    public func isCharged(_ client: Int) -> Bool { battery(of: client) > leastJoules[Int(classes[client])] }

    /// Devices whose battery has been empty at some time, and would not have been without training. O(devices).
    public var drained: Int {
        (0..<count).count { wasDrained[$0] || isEmpty($0) && untrained($0) > 0 }
    }

    /// When and why a device goes away in mid-turn.
    public struct Departure: Sendable, Equatable {
        /// Seconds from the turn's start.
        public let seconds: Double
        /// Whether its battery stops it; otherwise its connection ends, or a condition holds no longer.
        public let isByBattery: Bool
    }

    /// Whether a device can send at this moment what it has kept: it is connected as the conditions ask, and above the
    /// charge at which it stops. O(1).
    public func canSend(_ client: Int) -> Bool {
        admitted[Int(classes[client]) << 4 | Int(states[client].rawValue)]
            && charge(of: client) > eligibility.stopCharge
    }

    /// When the battery of a device that begins a turn now reaches the charge at which it stops.
    /// - Returns: seconds from now; nil when it lasts, or the device is on a charger or the mains.
    public func batteryEnd(_ client: Int, of turn: DeviceTurn, energy: Double) -> Double? {
        guard !isPowered(client) else { return nil }
        let need = energy + load(of: client) * turn.seconds
        let room = battery(of: client) - eligibility.stopCharge * capacities[Int(classes[client])]
        return need > room ? max(room, 0) / need * turn.seconds : nil
    }

    /// When a device that begins a turn now goes away from it: its connection ends, a condition holds no longer, or its
    /// battery reaches the charge at which it stops.
    /// - Parameters:
    ///   - client: the device.
    ///   - turn: what it is to do.
    ///   - energy: joules that it takes.
    /// - Returns: the first of these; nil when it stays to the end.
    public mutating func departure(of client: Int, from turn: DeviceTurn, energy: Double) -> Departure? {
        let kind = Int(classes[client])
        let end = batteryEnd(client, of: turn, energy: energy).map { Departure(seconds: $0, isByBattery: true) }
        let device = fleet.classes[kind]
        var (place, count) = (Int(places[client].present), Int(places[client].count))
        var today = Int(days[client])
        var carry = carries[client]
        var isAhead = false
        while true {
            place += 1
            if place == count {
                today += 1
                makeDay(today, of: client, carried: carry)
                (carry, isAhead, place, count) = (day.carry, true, 0, day.pieces.count)
            }
            let offset = client * dayCapacity + place
            let (minute, state) =
                isAhead ? day.pieces[place] : (minute: minutes[offset], state: pieces[offset])
            let change = Double(today) * 86_400 + Double(minute) * 60 - now
            guard change < turn.seconds else { return end }
            guard !eligibility.admits(state, of: device) else { continue }
            if let end, end.seconds < change { return end }
            return Departure(seconds: max(change, 0), isByBattery: false)
        }
    }
}
