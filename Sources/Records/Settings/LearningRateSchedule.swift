package import FedCore

#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// The clients' learning rate in each round, as a factor of `--lr`: warm-up times decay.
///
/// A function of the round alone, so that every rank and every resumed run has the same rates.
package struct LearningRateSchedule: Sendable, Equatable {
    /// How the rate falls.
    package enum Decay: Sendable, Equatable {
        case constant
        /// By `factor` every so many rounds.
        case step(every: Int, factor: Double)
        /// From 1 in the first round along half a cosine, p the share of the rounds that is over: f + (1 − f)(1 + cos πp)/2,
        /// which would be `final` after the last round.
        ///
        /// I. Loshchilov, F. Hutter, *SGDR: Stochastic Gradient Descent with Warm Restarts*, ICLR 2017, arXiv:1608.03983;
        /// here without restarts.
        case cosine(final: Double)
        /// By 1/√round.
        case inverseSquareRoot
    }

    private static let catalog: [(name: String, summary: String)] = [
        ("constant", "the same in every round"), ("step", "times a factor every so many rounds"),
        ("cosine", "half a cosine down to a share of it"), ("inverse-sqrt", "divided by the square root of the round"),
    ]

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

    package let decay: Decay
    /// The rate rises in equal steps over so many rounds; the decay begins behind them.
    package let warmupRounds: Int
    package let rounds: Int

    /// - Throws: `ConfigurationError` when the schedule or one of its options is unknown or out of range.
    package init(_ name: String, _ options: NamedOptions, warmupRounds: Int, rounds: Int) throws(ConfigurationError) {
        var reader = OptionReader(options, of: "learning-rate schedule '\(name)'")
        decay = try Self.decay(name, &reader)
        try reader.finish()
        self.warmupRounds = warmupRounds
        self.rounds = rounds
    }

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

    /// - Parameter round: from 1.
    /// - Returns: in (0, 1].
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
    package var learningRateSchedule: LearningRateSchedule {
        get throws(ConfigurationError) {
            try LearningRateSchedule(lrSchedule, lrScheduleOptions, warmupRounds: warmupRounds, rounds: rounds)
        }
    }
}
