import ArgumentParser
import FedCore
import Serving

/// The options by which a serving fleet follows aliases of registered models.
///
/// What they mean, and how often a trial errs, is said by `TrialRules` and in docs/SERVING.md.
struct FollowOptions: ParsableArguments {
    /// Rank 0 asks the registry; without it the versions that serving began with go on.
    @Flag(
        help:
            "Follow the aliases in --models: when one is moved, try the new version, and take it over if it is no worse."
    )
    var follow = false

    /// Seconds, 0.1 to 86,400.
    @Option(help: "How often the registry is asked, in seconds.")
    var followInterval = 1.0

    /// In (0, 1).
    @Option(help: "Share of each device's requests that a new version answers while it is tried.")
    var trialShare = TrialRules().share

    /// No decision is taken below it.
    @Option(help: "Answers of the new version on each device before it is decided, 100 to 1000000.")
    var trialRequests = TrialRules().requests

    /// 0.25 is a quarter longer.
    @Option(
        help: "How much longer the new version's median and 95th percentile of computing may be, 0.25 for a quarter.")
    var maxSlowdown = TrialRules().slowdown

    /// 0.01 is one image in a hundred.
    @Option(help: "How much accuracy it may lose, 0.01 for one image in a hundred.")
    var maxAccuracyLoss = TrialRules().accuracyLoss

    /// Checks all ranges, with one line for the first option that is out of its own.
    func validate() throws {
        /// Throws the text as a `ConfigurationError` unless the condition holds.
        func require(_ isFulfilled: Bool, _ text: String) throws {
            if !isFulfilled { throw ConfigurationError(text) }
        }
        try require(
            (0.1...86_400).contains(followInterval),
            "--follow-interval is \(followInterval); it must be from 0.1 to 86400 s")
        try require((0.01...0.9).contains(trialShare), "--trial-share is \(trialShare); it must be from 0.01 to 0.9")
        try require(
            (100...1_000_000).contains(trialRequests),
            "--trial-requests is \(trialRequests); it must be from 100 to 1000000")
        try require((0...1000).contains(maxSlowdown), "--max-slowdown is \(maxSlowdown); it must be from 0 to 1000")
        try require(
            (0...1).contains(maxAccuracyLoss), "--max-accuracy-loss is \(maxAccuracyLoss); it must be from 0 to 1")
    }

    /// How a release is tried on a fleet.
    ///
    /// - Parameter devices: Of the fleet.
    func rules(devices: Int) -> TrialRules {
        TrialRules(
            share: trialShare, requests: trialRequests, slowdown: maxSlowdown, accuracyLoss: maxAccuracyLoss,
            devices: devices)
    }
}
