public import FedCore

/// A class of simulated devices that are alike but for the spread of their speeds: what they are, and what their owners
/// do with them. All of it is stated, and none measured.
public struct DeviceClass: Sendable, Equatable {
    /// Name, in tables and files: letters, digits, `-` and `_`.
    public var name: String
    /// The radio at home, on which nobody counts megabytes.
    public var radio = Radio.wifi
    /// The radio elsewhere; nil: the device is offline there.
    public var awayRadio: Radio? = .lte
    /// The quantities, by ``DeviceQuantityKind``; one that is not stated has its default.
    private var stated: [DeviceQuantityKind: Double] = [:]

    /// A class of which nothing is stated.
    public init(_ name: String) { self.name = name }

    /// The value of a quantity, in its unit.
    public subscript(kind: DeviceQuantityKind) -> Double {
        get { stated[kind] ?? kind.usual }
        set { stated[kind] = newValue == kind.usual ? nil : newValue }
    }

    /// Whether another value than the usual one was stated.
    public func isStated(_ kind: DeviceQuantityKind) -> Bool { stated[kind] != nil }

    /// Whether it is on the mains and none of its watts are stated, so that they are a phone's, which no such device has.
    public var hasBorrowedWatts: Bool { isOnMains && !isStated(.trainWatts) && !isStated(.idleWatts) }

    /// States a quantity.
    /// - Throws: `ConfigurationError` when it is out of range.
    public mutating func state(_ kind: DeviceQuantityKind, _ value: Double) throws(ConfigurationError) {
        guard kind.range.contains(value) else {
            throw ConfigurationError(
                "class '\(name)': \(kind.rawValue) is \(value); it must be from \(kind.range.lowerBound.shortest) to "
                    + kind.range.upperBound.shortest)
        }
        guard kind != .count || value == value.rounded() else {
            throw ConfigurationError("class '\(name)': \(kind.rawValue) is \(value); it must be a whole number")
        }
        self[kind] = value
    }

    /// Devices that it states to have; 0: they are drawn by its share.
    var count: Int { Int(self[.count]) }

    /// Joules of a full battery; 0 for a device on the mains.
    public var batteryJoules: Double {
        EnergyConstants.joules(milliampereHours: self[.battery], volts: self[.volts])
    }

    /// Whether the device has no battery.
    public var isOnMains: Bool { self[.battery] == 0 }

    /// Bytes that training a model may take.
    public var memoryBytes: Int { Int(self[.memory] * 1024) }

    /// The radio and its rates at home or elsewhere; nil where the device is offline.
    public func connection(isAway: Bool) -> Connection? {
        guard isAway else { return Connection(radio: radio, up: self[.up], down: self[.down]) }
        return awayRadio.map { Connection(radio: $0, up: self[.awayUp], down: self[.awayDown]) }
    }

    /// A device's way to the server.
    public struct Connection: Sendable, Equatable {
        /// What it sends with.
        public let radio: Radio
        /// Megabits a second that it sends.
        public let up: Double
        /// Megabits a second that it receives.
        public let down: Double

        /// Seconds that receiving so many bytes takes.
        public func secondsDown(bytes: Int) -> Double { Double(bytes) * 8 / (down * 1e6) }
        /// Seconds that sending so many bytes takes.
        public func secondsUp(bytes: Int) -> Double { Double(bytes) * 8 / (up * 1e6) }
    }
}

/// The quantities of a class of devices. Raw values are the keys of fleet files.
public enum DeviceQuantityKind: String, Sendable, CaseIterable {
    /// Devices of the class, in proportion to the shares of the others: any numbers.
    case share
    /// A fleet that is known device by device: three gateways, twelve cameras.
    case count
    /// Memory that training may take, beside the program: weights, gradients, momentum and activations.
    case memory = "memory-kb"
    /// What training comes to in practice, not the peak of a data sheet.
    case gigaflops = "gflops"
    /// 0.5 trains models of half the channels, also where its memory would hold more: a class that is to stay cool, or quick.
    case width
    /// σ of ln(speed): 0.3 makes one device in six a third faster, and one in six a quarter slower.
    case spread = "speed-spread"
    /// A phone has 3,000 to 5,000, a microcontroller on a cell 500.
    case battery = "battery-mah"
    /// 3.85 of one lithium-ion cell; a laptop has three in series.
    case volts
    /// What a processor under load takes more than an idle one.
    case trainWatts = "train-watts"
    /// Screen off, connected, waiting.
    case idleWatts = "idle-watts"
    /// Screen on.
    case useWatts = "use-watts"
    /// Into the battery, losses left out.
    case chargeWatts = "charge-watts"
    /// The rate of the radio at home.
    case up = "up-mbps"
    /// The rate of the radio at home.
    case down = "down-mbps"
    /// The rate of the radio elsewhere: LTE had medians of 13 down and 6 up (Huang et al., MobiSys 2012).
    case awayUp = "away-up-mbps"
    /// The rate of the radio elsewhere.
    case awayDown = "away-down-mbps"
    /// When the long charge of a day begins.
    case chargeHour = "charge-hour"
    /// With a standard deviation of 1.5 hours, a quarter of an hour at least.
    case chargeHours = "charge-hours"
    /// A device that is not charged on a day lives on what is left.
    case chargeShare = "charge-share"
    /// 0 to 3, drawn one by one.
    case topUps = "top-ups"
    /// Eight spells of exponential length, four hours at most each.
    case useHours = "use-hours"
    /// When it leaves.
    case awayHour = "away-hour"
    /// With a standard deviation of 1.5 hours.
    case awayHours = "away-hours"
    /// 5 days of 7 are 0.71.
    case awayShare = "away-share"
    /// Two spells of exponential length: no coverage, switched off, aeroplane mode.
    case offlineHours = "offline-hours"

    /// What it is, with its unit: for docs and messages.
    public var meaning: String {
        switch self {
        case .share: "devices of this class, in proportion to the other classes' shares"
        case .count:
            "exactly so many devices, the first ones in the file's order; without it they are drawn by the share"
        case .memory: "memory that training a model may take, in KB of 1,024 bytes"
        case .gigaflops: "GFLOP/s that training comes to"
        case .width: "of a model that is trained in several --widths, the widest that it trains, as a share"
        case .spread: "how unlike they are: σ of a log-normal factor of each device's GFLOP/s"
        case .battery: "capacity of the battery in mAh; 0: on the mains"
        case .volts: "volts of the battery"
        case .trainWatts: "watts that training takes besides idling"
        case .idleWatts: "watts while nothing happens, also while it trains"
        case .useWatts: "watts of its owner's use, besides idling"
        case .chargeWatts: "watts that charging puts into the battery"
        case .up: "Mbit/s up at home"
        case .down: "Mbit/s down at home"
        case .awayUp: "Mbit/s up elsewhere"
        case .awayDown: "Mbit/s down elsewhere"
        case .chargeHour: "hour of the day at which charging begins, on average; a standard deviation of 1.5 hours"
        case .chargeHours: "hours that it charges then, on average"
        case .chargeShare: "share of the days on which it does"
        case .topUps: "short charges a day, of 20 to 90 minutes, from 8 to 20 o'clock"
        case .useHours: "hours a day that its owner uses it, in eight spells from 7 to 24 o'clock"
        case .awayHour: "hour of the day at which it leaves home, on average; a standard deviation of one hour"
        case .awayHours: "hours that it is away then, on average"
        case .awayShare: "share of the days on which it is"
        case .offlineHours: "hours a day without a connection, in two spells at any time"
        }
    }

    /// The value of a class that does not state it: a phone's.
    public var usual: Double {
        switch self {
        case .share: 1
        case .count: 0
        case .memory: 262_144
        case .gigaflops: 10
        case .width: 1
        case .spread: 0.3
        case .battery: 4_000
        case .volts: EnergyConstants.cellVolts
        case .trainWatts: 2.5
        case .idleWatts: 0.04
        case .useWatts: 1.2
        case .chargeWatts: 10
        case .up: 10
        case .down: 50
        case .awayUp: 6
        case .awayDown: 13
        case .chargeHour: 22.5
        case .chargeHours: 8
        case .chargeShare: 0.8
        case .topUps: 0.5
        case .useHours: 4
        case .awayHour: 8.5
        case .awayHours: 9
        case .awayShare: 0.7
        case .offlineHours: 1
        }
    }

    /// The values that can be stated.
    public var range: ClosedRange<Double> {
        switch self {
        case .share: 1e-6...1e6
        case .count: 0...1e7
        case .memory: 1...1e9
        case .gigaflops: 1e-6...1e6
        case .width: 0.001...1
        case .spread: 0...5
        case .battery: 0...1e6
        case .volts: 0.5...500
        case .trainWatts, .idleWatts, .useWatts: 0...1e5
        case .chargeWatts: 1e-6...1e6
        case .up, .down, .awayUp, .awayDown: Link.possibleMegabitsPerSecond
        case .chargeHour, .awayHour: 0...24
        case .chargeHours, .awayHours, .useHours, .offlineHours: 0...20
        case .chargeShare, .awayShare: 0...1
        case .topUps: 0...3
        }
    }
}

extension Double {
    /// The shortest text that reads as the number, whole numbers without a point.
    var shortest: String {
        let text = "\(self)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
