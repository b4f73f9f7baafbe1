import FedCore
import Privacy

/// Rounds that are all alike, as the options of `fedmpi privacy` describe them.
struct PrivacyPlan {
    /// How records come into a round.
    enum Sampling: String, CaseIterable, Encodable {
        /// Each on its own, with the same probability.
        case poisson
        /// So many, without replacement.
        case fixed
        /// All of them, once over all steps; steps are released as prefix sums.
        case tree
    }

    /// Rounds that are accounted.
    static let mostRounds = 100_000_000

    /// How records come into a round.
    let sampling: Sampling
    /// The probability of a record to take part, in (0, 1].
    let rate: Double
    /// Sizes of the cohort and of the population; only of a fixed sample.
    private let sizes: (cohort: Int, population: Int)?

    /// Reads the options.
    /// - Throws: `ConfigurationError` for options that contradict one another or are out of
    ///   range.
    init(sampling: Sampling, rate: Double?, cohort: Int?, clients: Int?) throws(ConfigurationError) {
        self.sampling = sampling
        guard rate == nil || cohort == nil else {
            throw ConfigurationError("give --rate, or --cohort and --clients, not both")
        }
        guard (cohort == nil) == (clients == nil) else {
            throw ConfigurationError("--cohort and --clients go together")
        }
        guard sampling != .tree || (rate == nil && cohort == nil) else {
            throw ConfigurationError("--sampling tree has no --rate and no --cohort: every record is in one step")
        }
        guard sampling != .fixed || cohort != nil else {
            throw ConfigurationError("--sampling fixed takes --cohort and --clients")
        }
        if let cohort, let clients {
            guard (1...PrivacyPlan.mostRounds).contains(clients), (1...clients).contains(cohort) else {
                throw ConfigurationError("--cohort is \(cohort) of --clients \(clients); it must be from 1 to that")
            }
            sizes = (cohort, clients)
            self.rate = Double(cohort) / Double(clients)
        } else {
            let rate = rate ?? 1
            guard rate > 0, rate <= 1 else {
                throw ConfigurationError("--rate is \(rate); it must be above 0 and at most 1")
            }
            sizes = nil
            self.rate = rate
        }
    }

    /// When data sets are neighbours: the one that the sampling has a guarantee under.
    var relation: NeighbouringRelation {
        switch sampling {
        case .poisson: .addOrRemoveOne
        case .fixed: .replaceOne
        case .tree: .zeroOutOne
        }
    }

    /// What so many rounds release.
    func event(noise: Double, rounds: Int) -> PrivacyEvent {
        switch sampling {
        case .tree: .tree(noiseMultiplier: noise, steps: rounds)
        case .poisson: .repeated(.sampledGaussian(noiseMultiplier: noise, probability: rate), times: rounds)
        case .fixed:
            .repeated(
                .fixedSampled(
                    size: sizes?.cohort ?? 1, population: sizes?.population ?? 1, .gaussian(noiseMultiplier: noise)),
                times: rounds)
        }
    }

    /// Whether an accountant takes the events.
    func takes(_ kind: PrivacyAccountantKind) -> Bool { kind == .rdp || sampling != .fixed || rate == 1 }

    /// The error for an accountant that does not.
    func refusal(of kind: PrivacyAccountantKind) -> ConfigurationError {
        ConfigurationError("--accountant \(kind.rawValue) has no bound for --sampling \(sampling.rawValue); rdp has")
    }

    /// ε of so many rounds, by every accountant.
    func epsilons(noise: Double, rounds: Int, delta: Double) throws(ConfigurationError) -> PrivacyFigures {
        let composition = try PrivacyComposition(event(noise: noise, rounds: rounds), under: relation)
        return try PrivacyFigures(self) { (accountant) throws(ConfigurationError) in
            try accountant.epsilon(of: composition, delta: delta)
        }
    }

    /// The least noise for a budget, by every accountant; of `prv` for its upper bound.
    func noises(epsilon: Double, delta: Double, rounds: Int) throws(ConfigurationError) -> PrivacyFigures {
        try PrivacyFigures(self) { (accountant) throws(ConfigurationError) in
            let calibration = try NoiseCalibration(
                epsilon: epsilon, delta: delta, accountant: accountant, relation: relation)
            return EpsilonBounds(
                upper: try calibration.noiseMultiplier(rounds: 1) { event(noise: $0, rounds: rounds) })
        }
    }

    /// The most rounds for a budget, by every accountant; of a tree, which doubles, the largest
    /// that is as deep.
    func counts(epsilon: Double, delta: Double, noise: Double) throws(ConfigurationError) -> PrivacyFigures {
        try PrivacyFigures(self) { (accountant) throws(ConfigurationError) in
            let calibration = try NoiseCalibration(
                epsilon: epsilon, delta: delta, accountant: accountant, relation: relation)
            guard sampling == .tree else {
                return EpsilonBounds(upper: Double(try calibration.rounds(event(noise: noise, rounds: 1))))
            }
            // A tree of depth d costs what d Gaussians do, and holds 2ᵈ − 1 steps.
            let depth = try calibration.rounds(.gaussian(noiseMultiplier: noise))
            return EpsilonBounds(upper: Double((1 << min(depth, 26)) - 1))
        }
    }
}
