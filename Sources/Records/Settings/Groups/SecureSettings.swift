public import FedCore

/// Settings of secure aggregation. docs/SECURE-AGGREGATION.md says against whom it protects, and against whom not.
///
/// | setting | says |
/// |---|---|
/// | `secure-aggregation` | whether clients mask what they send |
/// | `assumed-server`, `assumed-corrupt`, `assumed-dropout` | what degree and threshold are found from; the last also how many clients' noise a sum may lack |
/// | `secure-bits` | how finely values are rounded before they are masked, or how fine the lattice of distributed noise is |
public enum SecureSettings: SettingsGroup {
    public static let title = "Secure aggregation"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "secure-aggregation", &settings.secureAggregation,
            "Clients mask what they send with masks that cancel out in the sum (Bonawitz et al. 2017, Bell et al. 2020): the server "
                + "sees the sum of those who are left, to the bit what it would be without masks, and nobody's update.")
        try visitor.value(
            "assumed-server", &settings.assumedServer,
            "With --secure-aggregation: what the server is assumed to do. curious: it follows the protocol and looks at all that it "
                + "gets. semi-malicious: it may lie, too; clients sign their keys, and need more neighbours and a higher threshold."
        )
        try visitor.value(
            "assumed-corrupt", &settings.assumedCorrupt, .in(0...0.9).saying("from 0 to 0.9"),
            "With --secure-aggregation: the share of a round's clients that may tell the server all they know.")
        try visitor.value(
            "assumed-dropout", &settings.assumedDropout, .in(0...0.9).saying("from 0 to 0.9"),
            "The share of a round's clients that may fail to answer. With --secure-aggregation the sum of the others can still be "
                + "unmasked; with --privacy distributed their noise is enough.")
        try visitor.value(
            "secure-bits", &settings.secureBits, .in(4...24).saying("from 4 to 24"), absent: "exact sums, of 64 bits",
            "With --secure-aggregation: round values at random to so many bits before they are masked, which makes what is sent "
                + "shorter; each round finds the range of the next. With --privacy distributed: make the lattice of updates so coarse "
                + "that an update with its share of the noise has so many bits, and sums are exact.")
    }

    /// Refuses what asks for masks where there are none.
    public static func check(_ settings: RunSettings) throws(ConfigurationError) {
        let defaults = RunSettings()
        guard !settings.secureAggregation else { return }
        if settings.assumedDropout != defaults.assumedDropout, settings.privacy != .distributed {
            throw ConfigurationError("--assumed-dropout is of --secure-aggregation and --privacy distributed")
        }
        let given = [
            ("--assumed-server", settings.assumedServer != defaults.assumedServer),
            ("--assumed-corrupt", settings.assumedCorrupt != defaults.assumedCorrupt),
            // The same lattice without masks: what they must change no bit of.
            ("--secure-bits", settings.secureBits != nil && settings.privacy != .distributed),
        ]
        if let (option, _) = given.first(where: \.1) {
            throw ConfigurationError("\(option) is of masked sums; it needs --secure-aggregation")
        }
    }
}

extension RunSettings.AssumedServer: SettingValue {
    public typealias Content = Self
}
