import FedCore

/// What is true of a device at a moment, apart from its battery.
public struct DeviceState: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// On a charger.
    public static let charging = Self(rawValue: 1)
    /// In its owner's use.
    public static let inUse = Self(rawValue: 2)
    /// Without any connection.
    public static let offline = Self(rawValue: 4)
    /// Away from home, so that its connection is metered, if there is one.
    public static let away = Self(rawValue: 8)

    static let all: [Self] = [.charging, .inUse, .offline, .away]
}

/// A day of a device, minute by minute: drawn from the seed, the client and the day, and from nothing else, so that it is
/// the same on every rank, in whatever order days are asked for.
///
/// Charging at night, short charges, spells of use, hours away from home and spells without a connection are intervals
/// whose number, starts and lengths are drawn by the class's habits. They may reach into the next day, not further.
struct DeviceDay {
    /// Minutes of a day.
    static let minutes = 1440
    /// The most pieces that a day can have: 17 intervals with two ends each, the ends of what is left of the day before,
    /// and the first piece.
    static let capacity = 2 * 17 + DeviceState.all.count + 1

    /// The day's pieces: each begins at a minute, in ascending order, the first one at 0, and lasts until the next.
    private(set) var pieces: [(minute: UInt16, state: DeviceState)] = []
    /// For each of the four states, until which minute of the next day the intervals of this one reach.
    private(set) var carry = SIMD4<UInt16>(repeating: 0)
    /// Starts and ends of intervals: minute, number of the state, +1 or −1.
    private var ends: [(minute: Int, state: Int, change: Int8)] = []

    init() {
        pieces.reserveCapacity(Self.capacity)
        ends.reserveCapacity(2 * Self.capacity)
    }

    /// Draws a day, into the memory of the one before.
    /// - Parameters:
    ///   - device: the class.
    ///   - client: the device's number.
    ///   - day: number of the day, from 0.
    ///   - carried: the ``carry`` of the day before.
    mutating func draw(
        _ device: DeviceClass.Habits, client: Int, day: Int, seed: UInt64, carried: SIMD4<UInt16>
    ) {
        clear()
        for state in 0..<4 where carried[state] > 0 { add(state, from: 0, minutes: Int(carried[state])) }
        var random = RandomStream(seed: seed, .fleet, round: day + 1, client: client)
        // Drawn always and in this order, so that one habit does not change what another draws.
        let (charges, start, length) = (random.uniformDouble(), random.bell(), random.bell())
        if charges < device.chargeShare {
            add(0, hour: device.chargeHour + 1.5 * start, hours: max(device.chargeHours + 1.5 * length, 0.25))
        }
        let leaves = random.uniformDouble()
        let (leaving, absence) = (random.bell(), random.bell())
        if leaves < device.awayShare {
            add(3, hour: device.awayHour + leaving, hours: max(device.awayHours + 1.5 * absence, 0.25))
        }
        for _ in 0..<3 {
            let (happens, hour, hours) = (random.uniformDouble(), random.uniformDouble(), random.uniformDouble())
            if 3 * happens < device.topUps { add(0, hour: 8 + 12 * hour, hours: 0.33 + 1.17 * hours) }
        }
        for _ in 0..<8 {
            let (hour, hours) = (random.uniformDouble(), random.exponential(mean: device.useHours / 8))
            if device.useHours > 0 { add(1, hour: 7 + 17 * hour, hours: min(hours, 4)) }
        }
        for _ in 0..<2 {
            let (hour, hours) = (random.uniformDouble(), random.exponential(mean: device.offlineHours / 2))
            if device.offlineHours > 0 { add(2, hour: 24 * hour, hours: min(hours, 20)) }
        }
        cut()
    }

    /// Forgets the day before, in whose memory the next one is made.
    mutating func clear() {
        ends.removeAll(keepingCapacity: true)
        pieces.removeAll(keepingCapacity: true)
        carry = SIMD4(repeating: 0)
    }

    /// Adds a piece behind the others. Of two at one minute the later one counts, and equal ones in a row are one.
    mutating func append(minute: Int, _ state: DeviceState) {
        if let last = pieces.last, last.minute == minute { pieces.removeLast() }
        if pieces.last?.state != state { pieces.append((UInt16(minute), state)) }
    }

    /// Adds an interval that may end after the day.
    private mutating func add(_ state: Int, hour: Double, hours: Double) {
        // What would begin after midnight begins after this day's.
        let start = (Int((hour * 60).rounded()) + Self.minutes) % Self.minutes
        add(state, from: start, minutes: Int((hours * 60).rounded()))
    }

    /// Adds an interval of minutes: its ends within the day, and in ``carry`` what is left of it.
    /// - Parameters:
    ///   - state: place in ``DeviceState/all``.
    ///   - start: minute of the day.
    ///   - minutes: its length; nothing is added for none.
    private mutating func add(_ state: Int, from start: Int, minutes: Int) {
        guard minutes > 0 else { return }
        let end = min(start + minutes, 2 * Self.minutes - 1)
        ends.append((start, state, 1))
        if end < Self.minutes {
            ends.append((end, state, -1))
        } else {
            carry[state] = max(carry[state], UInt16(end - Self.minutes))
        }
    }

    /// Makes pieces of the intervals.
    /// Makes pieces of the intervals: sorts their ends, and counts how many of each state are open from one to the next. Intervals of a
    /// state that overlap are one. O(n log n) of some forty ends.
    private mutating func cut() {
        ends.sort { $0.minute < $1.minute }
        var open = SIMD4<Int8>(repeating: 0)
        var next = 0
        var minute = 0
        while true {
            while next < ends.count, ends[next].minute == minute {
                open[ends[next].state] += ends[next].change
                next += 1
            }
            var state: DeviceState = []
            for i in 0..<4 where open[i] > 0 { state.insert(DeviceState.all[i]) }
            append(minute: minute, state)
            guard next < ends.count else { return }
            minute = ends[next].minute
        }
    }
}

extension DeviceClass {
    /// The quantities that a day is drawn by, ready for use.
    struct Habits: Sendable {
        let chargeHour, chargeHours, chargeShare, topUps, useHours, awayHour, awayHours, awayShare, offlineHours: Double

        init(_ device: DeviceClass) {
            // What is on the mains is not charged.
            chargeShare = device.isOnMains ? 0 : device[.chargeShare]
            topUps = device.isOnMains ? 0 : device[.topUps]
            (chargeHour, chargeHours) = (device[.chargeHour], device[.chargeHours])
            (useHours, offlineHours) = (device[.useHours], device[.offlineHours])
            (awayHour, awayHours, awayShare) = (device[.awayHour], device[.awayHours], device[.awayShare])
        }
    }
}

extension RandomStream {
    /// A number of mean 0 and deviation 1 with a bell's shape, between −2 and 2 and the same bits everywhere: the sum of
    /// four uniform ones, from two words.
    fileprivate mutating func bell() -> Double {
        let (first, second) = (nextWord(), nextWord())
        let sum = Double(first >> 16) + Double(first & 0xFFFF) + Double(second >> 16) + Double(second & 0xFFFF)
        // The variance of each is 2³²/12, that of the sum 2³²/3.
        return (sum - 2 * 0xFFFF) / 65536 * 1.7320508075688772
    }
}
