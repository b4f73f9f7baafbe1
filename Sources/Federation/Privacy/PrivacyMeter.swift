import FedCore
import Privacy
import Records

extension Job {
    /// The promise of differential privacy in one line, for the run's beginning; nil without one.
    package var privacyLine: String? {
        if let samplePrivacy { return samplePrivacy.line(settings) }
        guard let privacy else { return nil }
        let share = NumberText.grouped(Int(privacy.expected.rounded()))
        let budget = settings.epsilon.map { "epsilon \($0)" } ?? "no budget"
        return
            "central, \(budget) at delta \(settings.delta): updates clipped to \(privacy.clip), noise \(privacy.noise) times that, "
            + "over \(share) expected clients"
            + (privacy.isSimulated ? "; noise of the seed, simulated: it protects nobody" : "")
    }
}

/// What a run with central differential privacy has spent: every round is one event, a discrete Gaussian on a Poisson sample
/// of the clients, so that ε follows from the number of rounds alone, at any number of ranks and after a resume.
///
/// The bound is that of privacy loss distributions, for data sets that differ in one client more or less.
struct PrivacyMeter: Measuring {
    private let event: PrivacyEvent
    private let delta: Double
    /// ε after the last round, and after one more.
    private var spent = (round: 0, epsilon: 0.0, next: 0.0)

    /// Takes the terms of a run.
    /// - Parameters:
    ///   - settings: δ, and the share of the clients that a round asks.
    ///   - terms: the noise.
    ///   - dimension: numbers of an update.
    init(_ settings: RunSettings, _ terms: PrivacyTerms, dimension: Int) {
        event = Self.event(settings, noise: terms.noise, steps: Double(terms.sigma), dimension: dimension)
        delta = settings.delta
    }

    /// A round with this noise.
    /// - Parameters:
    ///   - noise: noise multiplier, σ / C.
    ///   - steps: σ in points of the lattice.
    ///   - dimension: numbers of an update.
    static func event(_ settings: RunSettings, noise: Double, steps: Double, dimension: Int) -> PrivacyEvent {
        let gaussian = PrivacyEvent.discreteGaussian(
            DiscreteGaussianNoise(noiseMultiplier: noise, stepsPerParty: steps, dimension: dimension))
        return settings.clientFraction == 1
            ? gaussian : .poissonSampled(probability: settings.clientFraction, gaussian)
    }

    /// ε after so many rounds.
    func epsilon(rounds: Int) throws(ConfigurationError) -> Double {
        try PrivacyAccountantKind.pld.accountant.epsilon(
            of: PrivacyComposition(event, times: rounds, under: .addOrRemoveOne), delta: delta
        ).upper
    }

    /// Counts the rounds up to this one. Milliseconds.
    mutating func endRound(_ round: Int) throws(ConfigurationError) {
        let epsilon = round == spent.round + 1 && round > 1 ? spent.next : try epsilon(rounds: round)
        spent = (round, epsilon, try self.epsilon(rounds: round + 1))
    }

    /// | name | of |
    /// |---|---|
    /// | `epsilon` | ε at `--delta` after the round |
    /// | `epsilon_next` | what another round would make of it, for `--epsilon` |
    var metrics: [Metric] { [.epsilon, .epsilonNext] }

    var measurements: [String: Double] { [Metric.epsilon.name: spent.epsilon, Metric.epsilonNext.name: spent.next] }
}
