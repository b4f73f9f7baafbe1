package import FedCore

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The clients' learning rate in each round, as a factor of `--lr`: warm-up times decay.
///
/// A function of the round alone, so that every rank and every resumed run has the same rates. Within a round
/// the rate is constant: clients take few steps, and each of them a different number.
package struct LearningRateSchedule: Sendable, Equatable {
    /// The way in which the rate falls.
    package enum Decay: Sendable, Equatable {
        /// The same rate in every round.
        case constant
        /// Falls by `factor` in (0, 1] every so many rounds, ≥ 1.
        case step(every: Int, factor: Double)
        /// Falls from 1 in the first round along half a cosine: f + (1 − f)(1 + cos πp)/2, p being the share of
        /// the rounds that is over. It would be `final`, f in [0, 1), after the last round.
        ///
        /// I. Loshchilov, F. Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, ICLR 2017,
        /// arXiv:1608.03983; here without restarts.
        case cosine(final: Double)
        /// Falls as 1/√r, r being the number of the round, counted from the end of the warm-up.
        case inverseSquareRoot
    }

    /// Every decay, in the order of help texts.
    private static let catalog: [(name: String, summary: String)] = [
        ("constant", "the same in every round"), ("step", "times a factor every so many rounds"),
        ("cosine", "half a cosine down to a share of it"), ("inverse-sqrt", "divided by the square root of the round"),
    ]

    /// The names that `--lr-schedule` accepts.
    package static var names: [String] { catalog.map(\.name) }

    /// What each takes, for help texts and forms.
    package static var descriptions: [PluginDescription] {
        catalog.map { name, summary in
            PluginDescription(kind: "learning-rate schedule", name: name, summary: summary) {
                (reader: inout OptionReader) throws(ConfigurationError) in
                _ = try decay(name, &reader)
            }
        }
    }

    /// How the rate falls behind the warm-up.
    package let decay: Decay
    /// The rounds over which the rate rises in equal steps; the decay begins behind them.
    package let warmupRounds: Int
    /// The rounds of the whole run, which the cosine is spread over: a run that is continued with more rounds
    /// has another curve from there on.
    package let rounds: Int

    /// Makes the schedule that settings name.
    ///
    /// - Parameters:
    ///   - name: one of ``names``.
    ///   - options: what the decay takes, by name.
    ///   - warmupRounds: rounds of warm-up, ≥ 0.
    ///   - rounds: rounds of the run, ≥ 1.
    /// - Throws: `ConfigurationError` when the schedule or one of its options is unknown or out of range.
    package init(_ name: String, _ options: NamedOptions, warmupRounds: Int, rounds: Int) throws(ConfigurationError) {
        var reader = OptionReader(options, of: "learning-rate schedule '\(name)'")
        decay = try Self.decay(name, &reader)
        try reader.finish()
        self.warmupRounds = warmupRounds
        self.rounds = rounds
    }

    /// Reads a decay's options; also asked for what they are, without values.
    private static func decay(_ name: String, _ reader: inout OptionReader) throws(ConfigurationError) -> Decay {
        switch name {
        case "constant": .constant
        case "step":
            .step(
                every: try reader.integer("every", default: 10, "at least 1") { $0 >= 1 },
                factor: try reader.number("factor", default: 0.1, "in (0, 1]") { $0 > 0 && $0 <= 1 })
        case "cosine": .cosine(final: try reader.number("final", default: 0, "in [0, 1)") { $0 >= 0 && $0 < 1 })
        case "inverse-sqrt": .inverseSquareRoot
        default: throw ConfigurationError(unknown: "learning-rate schedule", name, choices: names)
        }
    }

    /// The factor of a round.
    ///
    /// - Parameter round: the round's number, from 1.
    /// - Returns: the factor, in (0, 1].
    /// - Complexity: O(1), but O(round / every) for steps.
    package func factor(round: Int) -> Double {
        guard round > warmupRounds else { return Double(round) / Double(warmupRounds) }
        let passed = round - warmupRounds - 1
        switch decay {
        case .constant: return 1
        case .step(let every, let factor):
            // By multiplication alone: the same bits on every machine.
            var product = 1.0
            for _ in 0..<passed / every { product *= factor }
            return product
        case .cosine(let final):
            let progress = Double(passed) / Double(rounds - warmupRounds)
            return final + (1 - final) * (1 + cos(.pi * progress)) / 2
        case .inverseSquareRoot: return 1 / Double(passed + 1).squareRoot()
        }
    }
}

extension RunSettings {
    /// The schedule that these settings name.
    ///
    /// - Throws: `ConfigurationError` when it is unknown or an option is out of range; a value that `validate`
    ///   accepts never throws.
    package var learningRateSchedule: LearningRateSchedule {
        get throws(ConfigurationError) {
            try LearningRateSchedule(lrSchedule, lrScheduleOptions, warmupRounds: warmupRounds, rounds: rounds)
        }
    }
}
