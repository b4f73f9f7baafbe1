public import FedCore

/// Settings of differential privacy. docs/PRIVACY.md says what is promised to whom, and what is not.
///
/// | setting | says |
/// |---|---|
/// | `privacy` | the mechanism |
/// | `clip`, `noise` | the bound of what one client can change, and the noise in multiples of it |
/// | `clipping`, `clip-quantile`, `clip-rate` | whether the bound follows the updates, and how |
/// | `ftrl-factor`, `ftrl-band` | how noise hangs together over the rounds |
/// | `epsilon`, `delta` | what may be spent, or is to be |
/// | `sampling` | which samples a step of DP-SGD sees |
/// | `noise-source`, `noise-key` | where the noise comes from |
public enum PrivacySettings: SettingsGroup {
    public static let title = "Differential privacy"

    public static func visit(
        _ settings: inout RunSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "privacy", &settings.privacy, absent: "none",
            "central: clients' updates are clipped, and the server adds noise to their sum (DP-FedAvg), so that the weights of "
                + "every round tell little of any one client. ftrl: the same for clients that are asked in turn, with noise that "
                + "hangs together over the rounds (DP-FTRL). local: each client adds noise to its own clipped update. "
                + "distributed: each adds a share of the noise that the sum needs. dp-sgd: clients clip each sample's gradient, "
                + "and add noise in every step, so that what they send tells little of any one sample.")
        try visitor.value(
            "clip", &settings.clip, .above(0),
            "The L2 norm that an update, or with dp-sgd a sample's gradient, is clipped to; with --clipping adaptive in the first round."
        )
        try visitor.value(
            "clipping", &settings.clipping,
            "How the clip is found: fixed; adaptive (it follows a quantile of the norms, which costs a little more noise); or, with "
                + "dp-sgd, per-layer (each layer's part of a gradient is clipped by itself).")
        try visitor.value(
            "clip-quantile", &settings.clipQuantile, .in(0...1).saying("from 0 to 1"),
            "The share of updates that an adaptive clip leaves as they are.")
        try visitor.value(
            "clip-rate", &settings.clipRate, .above(0),
            "How fast an adaptive clip moves: its logarithm, by this times the distance from the quantile, in each round."
        )
        try visitor.value(
            "ftrl-factor", &settings.ftrlFactor,
            "How --privacy ftrl mixes noise over rounds: by a tree over the rounds in which every client is asked once, or by a "
                + "banded matrix.")
        try visitor.value(
            "ftrl-band", &settings.ftrlBand, .in(1...32).saying("from 1 to 32"),
            "Rounds over which a banded matrix mixes; no client is asked twice in so many.")
        try visitor.value(
            "noise", &settings.noise, .in(0.001...100).saying("from 0.001 to 100"),
            absent: "what --epsilon needs for --rounds",
            "Standard deviation of the noise on the sum, as a multiple of --clip.")
        try visitor.value(
            "epsilon", &settings.epsilon, .above(0), absent: "no limit",
            "Stop before a round after which epsilon would be above this; without --noise, the noise is found with which --rounds "
                + "rounds come to it.")
        try visitor.value(
            "delta", &settings.delta, .in(1e-30...0.1).saying("from 1e-30 to 0.1"), "Delta at which epsilon is stated.")
        try visitor.value(
            "sampling", &settings.sampling, absent: "poisson",
            "Batches with dp-sgd: poisson (each sample with the same probability, so that sampling amplifies privacy), or shuffle "
                + "(batches of a fixed size, counted without amplification).")
        try visitor.value(
            "noise-source", &settings.noiseSource,
            "Where noise comes from: system (a secret key of the operating system), or simulated (the seed: for studies; it "
                + "protects nobody).")
        try visitor.value(
            "noise-key", &settings.noiseKey, absent: "a key that is forgotten at the end",
            "File with the key of the noise, made if it is not there: a resumed run continues with the same noise. Who has the "
                + "key can take the noise away.")
    }

    /// Refuses noise that has no mechanism, and a mechanism without noise.
    public static func check(_ settings: RunSettings) throws(ConfigurationError) {
        let defaults = RunSettings()
        guard settings.privacy != nil else {
            let given = [
                ("--clip", settings.clip != defaults.clip), ("--noise", settings.noise != nil),
                ("--clipping", settings.clipping != defaults.clipping),
                ("--clip-quantile", settings.clipQuantile != defaults.clipQuantile),
                ("--clip-rate", settings.clipRate != defaults.clipRate),
                ("--ftrl-factor", settings.ftrlFactor != defaults.ftrlFactor),
                ("--ftrl-band", settings.ftrlBand != defaults.ftrlBand),
                ("--epsilon", settings.epsilon != nil), ("--delta", settings.delta != defaults.delta),
                ("--sampling", settings.sampling != nil),
                ("--noise-source", settings.noiseSource != defaults.noiseSource),
                ("--noise-key", settings.noiseKey != nil),
            ]
            if let (option, _) = given.first(where: \.1) {
                throw ConfigurationError("\(option) is of differential privacy; it needs --privacy")
            }
            return
        }
        guard settings.noise != nil || settings.epsilon != nil else {
            throw ConfigurationError("--privacy needs --epsilon, or --noise")
        }
        if settings.clipUpdates != nil, let privacy = settings.privacy, privacy != .dpSGD {
            throw ConfigurationError(
                "--clip-updates does not go with --privacy \(privacy.rawValue), which clips updates itself: give --clip"
            )
        }
        if settings.sampling != nil, settings.privacy != .dpSGD {
            throw ConfigurationError("--sampling is of --privacy dp-sgd")
        }
        if settings.clipping != .adaptive,
            settings.clipQuantile != defaults.clipQuantile || settings.clipRate != defaults.clipRate
        {
            throw ConfigurationError("--clip-quantile and --clip-rate are of --clipping adaptive")
        }
        if settings.clipping == .perLayer, settings.privacy != .dpSGD {
            throw ConfigurationError("--clipping per-layer is of --privacy dp-sgd: updates are clipped as a whole")
        }
        if settings.privacy != .ftrl, settings.ftrlFactor != .tree || settings.ftrlBand != defaults.ftrlBand {
            throw ConfigurationError("--ftrl-factor and --ftrl-band are of --privacy ftrl")
        }
        if settings.ftrlFactor != .banded, settings.ftrlBand != defaults.ftrlBand {
            throw ConfigurationError("--ftrl-band is of --ftrl-factor banded")
        }
        if settings.noiseKey != nil, settings.noiseSource == .simulated {
            throw ConfigurationError("--noise-key has no meaning for --noise-source simulated, whose key is the seed")
        }
    }
}

extension RunSettings.Privacy: SettingValue {
    public typealias Content = Self
}

extension RunSettings.Clipping: SettingValue {
    public typealias Content = Self
}

extension RunSettings.FtrlFactor: SettingValue {
    public typealias Content = Self
}

extension RunSettings.Sampling: SettingValue {
    public typealias Content = Self
}

extension RunSettings.NoiseSource: SettingValue {
    public typealias Content = Self
}
