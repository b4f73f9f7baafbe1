import Devices
public import FedCore

/// Settings of what is simulated of the clients' devices and links.
public enum SimulationSettings: SettingsGroup {
    public static let title = "Simulated devices"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "straggler-prob", &settings.stragglerProb, .share,
            "Simulate: probability that a client starts late in a round.")
        try visitor.value(
            "straggler-delay", &settings.stragglerDelay, .in(0...1e6), unit: .seconds,
            "Simulate: how late, on average: 5s. Exponentially distributed, from the seed.")
        try visitor.value(
            "bandwidth-mbps", &settings.bandwidthMbps, .in(Link.possibleMegabitsPerSecond), unit: .megabitsPerSecond,
            absent: "no limit",
            "Simulate: megabits a second of each client's link, up and down.")
        try visitor.value(
            "latency-ms", &settings.latencyMs, .in(0...1e6), unit: .milliseconds,
            "Simulate: milliseconds that each message of a client takes besides.")
        try visitor.value(
            "device-speed", &settings.deviceSpeed, .above(0), unit: .samplesPerSecond,
            absent: "training takes no simulated time", "Simulate: samples a device trains on in a second.")
        try visitor.value(
            "device-spread", &settings.deviceSpread, .in(0...5),
            """
            Simulate: how unlike the devices are, σ of a log-normal factor of each one's speed; 0: all are alike, 1: one in \
            six is more than 2.7 times faster, one in six slower by as much.
            """)
        try visitor.value(
            "drop-prob", &settings.dropProb, .share, "Simulate: probability that a client does not answer in a round.")
        try visitor.value(
            "real-delays", &settings.realDelays,
            "Sleep through simulated delays, instead of counting them as virtual time.")
    }

    /// Refuses a spread of speeds where devices have no speed.
    public static func check(_ settings: RunSettings) throws(ConfigurationError) {
        guard settings.deviceSpread == 0 || settings.deviceSpeed != nil else {
            throw ConfigurationError(
                "--device-spread \(settings.deviceSpread) spreads the speed of devices; it needs --device-speed")
        }
    }
}
