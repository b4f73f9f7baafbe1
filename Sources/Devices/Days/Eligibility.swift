public import FedCore

/// What a device must be so that it is asked, and goes on: connected always, and what the settings ask for besides.
/// A server that asks only idle devices on chargers and at home disturbs nobody and asks few: K. Bonawitz et al., *Towards Federated
/// Learning at Scale: System Design*, MLSys 2019, arXiv:1902.01046, section 3. What that does to who is heard is what a simulation is for.
public struct Eligibility: Sendable, Equatable {
    /// A condition on a device's state. Raw values are words of a setting.
    public enum Condition: String, Sendable, CaseIterable {
        /// On a charger or on the mains.
        case charging
        /// Not in its owner's use.
        case idle
        /// At home, where nobody counts megabytes.
        case unmetered
    }

    /// The conditions that must hold from the start of a turn to its end.
    public var conditions: Set<Condition> = []
    /// Charge above which a device is asked, as a share of its battery.
    public var leastCharge = 0.2
    /// Charge at which a device stops what it does.
    public var stopCharge = 0.1

    /// Asks for a connection, a fifth of the battery, and nothing else.
    public init() {}

    /// Reads conditions from words between commas; no words are no conditions.
    /// - Throws: `ConfigurationError` that lists the conditions.
    public static func conditions(_ text: String) throws(ConfigurationError) -> Set<Condition> {
        var conditions: Set<Condition> = []
        for word in text.split(separator: ",") {
            let name = word.filter { $0 != " " }
            guard let condition = Condition(rawValue: String(name)) else {
                throw ConfigurationError(
                    unknown: "condition", name.printable, choices: Condition.allCases.map(\.rawValue))
            }
            conditions.insert(condition)
        }
        return conditions
    }

    /// Whether a device in this state may take part, apart from its battery.
    /// - Parameters:
    ///   - state: what is true of the device.
    ///   - device: its class, for its radios and its battery.
    func admits(_ state: DeviceState, of device: DeviceClass) -> Bool {
        if state.contains(.offline) { return false }
        if state.contains(.away), device.awayRadio == nil { return false }
        if conditions.contains(.unmetered), state.contains(.away) || device.radio.isMetered { return false }
        if conditions.contains(.charging), !state.contains(.charging), !device.isOnMains { return false }
        return !(conditions.contains(.idle) && state.contains(.inUse))
    }
}
