/// A kind of radio, or a cable. Raw values stand in fleet files.
public enum Radio: String, Sendable, CaseIterable {
    /// A cable, or a radio whose power does not matter.
    case wired
    case wifi
    case lte
    case threeG = "3g"

    /// Whether megabytes are counted on it: nobody does on a cable or on WiFi.
    public var isMetered: Bool { self == .lte || self == .threeG }

    /// The power that the radio takes.
    public var power: RadioPower {
        switch self {
        case .wired: EnergyConstants.wired
        case .wifi: EnergyConstants.wifi
        case .lte: EnergyConstants.lte
        case .threeG: EnergyConstants.threeG
        }
    }
}

/// The power of a radio: base and a part in proportion to the rate while it sends or receives, and a tail, during which
/// it stays awake in case that more comes.
///
/// J. Huang et al., *A Close Examination of Performance and Power Characteristics of 4G LTE Networks*, MobiSys 2012,
/// sections 4 and 5.
/// Sending 858 KB at 5 Mbit/s, 1.37 s, and the tail behind it:
///
/// | radio | watts | J | tail, J |
/// |---|---|---|---|
/// | WiFi | 1.55 | 2.1 | 0.03 |
/// | LTE | 3.48 | 4.8 | 12.3 |
/// | 3G | 5.16 | 7.1 | 6.5 |
///
/// So over a cellular radio fewer rounds save more than shorter updates do, and a download right before an upload shares its tail with it.
public struct RadioPower: Sendable, Equatable {
    /// Watts of each megabit a second that is sent.
    public let wattsPerMegabitUp: Double
    /// Watts of each megabit a second that is received.
    public let wattsPerMegabitDown: Double
    /// Watts while it sends or receives, whatever the rate.
    public let baseWatts: Double
    /// Seconds that it stays awake after a transfer.
    public let tailSeconds: Double
    /// Watts meanwhile.
    public let tailWatts: Double

    /// Joules of sending for so many seconds at so many megabits a second.
    public func joulesUp(seconds: Double, megabitsPerSecond: Double) -> Double {
        seconds * (wattsPerMegabitUp * megabitsPerSecond + baseWatts)
    }

    /// Joules of receiving for so many seconds at so many megabits a second.
    public func joulesDown(seconds: Double, megabitsPerSecond: Double) -> Double {
        seconds * (wattsPerMegabitDown * megabitsPerSecond + baseWatts)
    }

    /// Joules of the tail of a transfer, if the next one begins only after so many seconds.
    /// - Parameter pause: seconds until the next transfer; infinite where none follows.
    public func joulesOfTail(pause: Double = .infinity) -> Double { min(pause, tailSeconds) * tailWatts }
}
