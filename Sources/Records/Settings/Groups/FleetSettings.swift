public import Devices
public import FedCore

/// Settings of a simulated fleet: devices with classes, batteries, radios and habits, on a clock of days.
/// None has a meaning without `fleet`. Everything that they ask for is simulated: time, batteries, joules. Training is real, and so are
/// the weights, which depend on who is asked.
///
/// | setting | in the simulation |
/// |---|---|
/// | `fleet` | what devices there are; their days follow from the seed |
/// | `require`, `min-battery` | who can be asked when a round begins |
/// | `require`, `stop-battery` | who goes away before the round's end |
/// | `fleet-start`, `round-every`, `cohort-wait` | the clock |
/// | `budget-joules` | the end |
/// | `offline-updates`, `offline-expiry` | what a device keeps that goes away and trains on |
/// | `age-power` | what that weighs when it is sent at last |
public enum FleetSettings: SettingsGroup {
    public static let title = "Simulated fleet"

    /// Declares the settings, in the order of `--help`.
    /// - Throws: what the visitor throws: a value that is out of its range.
    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "fleet", &settings.fleet, absent: "no fleet is simulated",
            """
            Simulate a fleet: \(Fleets.standard.choices.joined(separator: ", ")), or a file such as examples/fleet.yaml. Only \
            devices take part that are connected and have the battery for it. See fedmpi fleet.
            """)
        try visitor.value(
            "require", &settings.require, absent: "a connection alone",
            """
            Simulate: what a device must be besides, from the start of its turn to the end, between commas: charging, idle \
            (its owner does not use it), unmetered (at home, and not on 3g or lte there).
            """)
        try visitor.value(
            "min-battery", &settings.minBattery, .share, "Simulate: charge above which a device is asked, as a share.")
        try visitor.value(
            "stop-battery", &settings.stopBattery, .share,
            "Simulate: charge at which a device stops its work, as a share.")
        try visitor.value(
            "fleet-start", &settings.fleetStart, .in(0...1e6),
            "Simulate: hours from a Monday's midnight to the first round.")
        try visitor.value(
            "round-every", &settings.roundEvery, .in(0...1e7), unit: .seconds,
            "Simulate: time from the start of a round to the next at least: 1h; 0: a round begins when the last has ended."
        )
        try visitor.value(
            "cohort-wait", &settings.cohortWait, .in(0...1e6), unit: .seconds,
            """
            Simulate: how long a round waits until a whole cohort can be asked; then it begins with those that can, once \
            they are at least --min-clients.
            """)
        try visitor.value(
            "budget-joules", &settings.budgetJoules, .above(0), absent: "no limit",
            """
            Stop when another round, by the mean of those so far, would pass this budget of simulated joules, of all devices' \
            training and transfers. A dearer round may still pass it.
            """
        )
        try visitor.value(
            "offline-updates", &settings.offlineUpdates, .in(0...1000),
            """
            Simulate: a device that loses its connection, or a condition of --require, in its turn trains on, keeps so many \
            finished updates at most, and sends them when it is back; 0: its turn is lost.
            """)
        try visitor.value(
            "offline-expiry", &settings.offlineExpiry, .above(0, atMost: 1e8), unit: .seconds, absent: "they are kept",
            "Simulate: time after which a device drops an update that it keeps: 12h.")
        try visitor.value(
            "age-power", &settings.agePower, .in(0...100),
            """
            An update that was kept offline weighs (1 + age)^-a in the mean, its age in rounds; this is a, and 0 weighs all \
            alike.
            """)
    }

    /// Refuses what a fleet states otherwise, and what asks for a fleet without one.
    public static func check(_ settings: RunSettings) throws(ConfigurationError) {
        _ = try Eligibility.conditions(settings.require)
        guard let fleet = settings.fleet else {
            let defaults = RunSettings()
            let given = [
                ("--require", settings.require != defaults.require),
                ("--round-every", settings.roundEvery != defaults.roundEvery),
                ("--budget-joules", settings.budgetJoules != nil),
                ("--offline-updates", settings.offlineUpdates != 0),
                ("--offline-expiry", settings.offlineExpiry != nil),
                ("--age-power", settings.agePower != defaults.agePower),
            ]
            if let (option, _) = given.first(where: \.1) {
                throw ConfigurationError("\(option) is of a simulated fleet; it needs --fleet")
            }
            return
        }
        _ = try Fleet(fleet)
        let others = [
            ("--device-speed", settings.deviceSpeed != nil), ("--bandwidth-mbps", settings.bandwidthMbps != nil),
            ("--latency-ms", settings.latencyMs > 0),
        ]
        if let (option, _) = others.first(where: \.1) {
            throw ConfigurationError("\(option) goes with devices that are alike: --fleet states it of each class")
        }
        guard !settings.realDelays else {
            throw ConfigurationError(
                "--real-delays sleeps through what a fleet takes, which is days: leave it out with --fleet")
        }
        let ofKept = [
            ("--offline-expiry", settings.offlineExpiry != nil),
            ("--age-power", settings.agePower != RunSettings().agePower),
        ]
        if settings.offlineUpdates == 0, let (option, _) = ofKept.first(where: \.1) {
            throw ConfigurationError("\(option) is of updates that devices keep offline; it needs --offline-updates")
        }
        guard settings.stopBattery <= settings.minBattery else {
            throw ConfigurationError(
                "--stop-battery \(settings.stopBattery) is above --min-battery \(settings.minBattery): a device would stop "
                    + "before it begins")
        }
    }
}

extension RunSettings {
    /// Who of a simulated fleet is asked, and goes on.
    public var eligibility: Eligibility {
        var eligibility = Eligibility()
        eligibility.conditions = (try? Eligibility.conditions(require)) ?? []
        eligibility.leastCharge = minBattery
        eligibility.stopCharge = stopBattery
        return eligibility
    }
}
