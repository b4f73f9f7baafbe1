import FedCore
import NeuralNet
import Privacy
import Records

/// What every rank knows of a run with client-level central differential privacy: how far an update may reach, and how much
/// noise its sum gets.
///
/// One client's update is Δ with ‖Δ‖₂ ≤ C on a lattice, each of weight 1; the server adds integers of a discrete Gaussian of
/// σ = z · C to their sum and divides by the *expected* number of clients. One client more or less then moves the sum by C at
/// most, whatever it holds: the Gaussian mechanism with noise multiplier z, on a Poisson sample of the clients.
///
/// H. B. McMahan, D. Ramage, K. Talwar, L. Zhang, *Learning Differentially Private Recurrent Language Models*, ICLR 2018,
/// arXiv:1710.06963, with the estimator of fixed denominator (section 3); the lattice as in P. Kairouz, Z. Liu, T. Steinke, *The
/// Distributed Discrete Gaussian Mechanism*, ICML 2021, arXiv:2102.06387.
struct PrivacyTerms: Sendable {
    /// C, the largest L2 norm of an update.
    let clip: Float
    /// Norm to which updates are clipped before they are rounded: C less what rounding can add.
    let norm: Float
    /// The distance of the lattice's points, a power of two.
    let grid: Float
    /// σ of the noise in lattice points, rounded up.
    let sigma: UInt64
    /// Noise multiplier, σ / C.
    let noise: Double
    /// Clients that a cohort has on average.
    let expected: Double
    /// Whether the noise follows from the seed, and protects nobody.
    let isSimulated: Bool

    /// Points of the lattice from 0 to C: a rounded value has 21 bits, which a Float holds, and an exact sum does.
    private static let points: Float = 0x1p20

    /// Takes the terms from the settings.
    /// - Parameter floats: numbers of an update.
    /// - Returns: nil without differential privacy.
    /// - Throws: `ConfigurationError` where the noise would be finer or coarser than the lattice can tell.
    init?(_ settings: RunSettings, floats: Int) throws(ConfigurationError) {
        guard settings.privacy == .central else { return nil }
        let noise = if let noise = settings.noise { noise } else { try Self.noise(settings, dimension: floats) }
        self.noise = noise
        clip = Float(settings.clip)
        let step = Float(sign: .plus, exponent: clip.exponent, significand: 1) / Self.points
        grid = step
        // Each number moves by half a step at most.
        norm = clip - step / 2 * Float(floats).squareRoot() * (1 + 0x1p-20)
        let sigma = (noise * Double(clip) / Double(step)).rounded(.up)
        guard norm > 0, sigma >= 8, sigma <= Double(DiscreteGaussian.largestSigma), step >= 0x1p-32, clip <= 0x1p10
        else {
            throw ConfigurationError(
                "--clip \(settings.clip) and --noise \(noise) are beyond what can be summed exactly: a clip from 0.001 to 1000, "
                    + "and noise from 0.001 to 100")
        }
        self.sigma = UInt64(sigma)
        expected = settings.clientFraction * Double(settings.clients)
        isSimulated = settings.noiseSource == .simulated
    }

    /// The noise multiplier with which all rounds together come to `--epsilon`.
    private static func noise(_ settings: RunSettings, dimension: Int) throws(ConfigurationError) -> Double {
        guard let epsilon = settings.epsilon else { throw ConfigurationError("--privacy needs --epsilon, or --noise") }
        let calibration = try NoiseCalibration(
            epsilon: epsilon, delta: settings.delta, accountant: PrivacyAccountantKind.pld.accountant)
        return try calibration.noiseMultiplier(rounds: settings.rounds) {
            PrivacyMeter.event(settings, noise: $0, steps: $0 * Double(points), dimension: dimension)
        }
    }

    /// Clips an update and moves it to the lattice. O(floats), two passes.
    /// - Parameter update: what a client has trained; afterwards its norm is at most ``clip``.
    func apply(to update: inout MutableSpan<Float>) {
        let length = update.span.squaredNorm.squareRoot()
        let factor = length > Double(norm) ? Double(norm) / length : 1
        for i in 0..<update.count {
            let scaled = Float(Double(update[unchecked: i]) * factor) / grid
            update[unchecked: i] = scaled.rounded(.toNearestOrEven) * grid
        }
    }
}

extension Job {
    /// Refuses what would void the promise of differential privacy.
    /// | refused | because |
    /// |---|---|
    /// | cohorts that depend on data, or of a fixed size | the accountant counts Poisson samples |
    /// | strategies that send or keep more than the change | it is not clipped |
    /// | robust rules, attacks by colluders | they look at single updates before there is noise |
    /// | `--client-test`, `--min-clients` | what they tell of clients is not charged |
    /// | running statistics | they are no part of what is clipped for |
    /// | codecs, edges, fleets, teachers | they change, add up or choose updates in ways that are not accounted |
    /// - Throws: `ConfigurationError` that says why, and the way out.
    func checkPrivacy() throws(ConfigurationError) {
        guard let privacy else { return }
        // Noise that the accountant cannot count to the end is refused here, and not in the midst of the run.
        _ = try PrivacyMeter(settings, privacy, dimension: vectors.up).epsilon(rounds: settings.rounds + 1)
        func refuse(_ what: String, _ why: String) -> ConfigurationError {
            ConfigurationError("--privacy central does not go with \(what): \(why)")
        }
        let isWhole = settings.clientFraction == 1 && settings.selection == "uniform"
        guard settings.hasPoissonCohorts || isWhole else {
            throw refuse(
                "--selection \(settings.selection)",
                "who is asked must not depend on clients' data, and is counted as a Poisson sample; use --selection poisson"
            )
        }
        guard strategy.traffic == StrategyTraffic(), strategy.sendsChange, strategy.personalization == .none,
            strategy.asynchronous == nil, submodels == nil
        else {
            throw refuse(
                "strategy '\(settings.strategy)'",
                "clients send more than a clipped change of the weights, or keep parts; use fedavg, fedprox, fedavgm, fedadam"
            )
        }
        if keepsUpdates {
            throw refuse(
                settings.attack.map { "--attack \($0)" } ?? "--aggregation \(settings.aggregation)",
                "single updates would be looked at before there is noise; use mean")
        }
        let others: [(Bool, String, String)] = [
            (settings.clientTest > 0, "--client-test", "clients' accuracies would be told without a charge"),
            (
                settings.minClients > 1, "--min-clients \(settings.minClients)",
                "a repeated round tells how many were there"
            ),
            (
                !vectors.statistics.isEmpty, "batch normalisation",
                "running statistics are not clipped; use group normalisation"
            ),
            (vectors.state > 0, "what clients keep", "error feedback and states carry updates past the clip"),
            (settings.compress != nil, "--compress", "encoding changes what was clipped; leave it out"),
            (settings.edges > 0, "--edges", "edges would see sums without noise; leave them out"),
            (settings.fleet != nil, "--fleet", "who can be asked depends on the devices; leave it out"),
            (
                settings.patience != nil || settings.targetAccuracy != nil, "--patience and --target-accuracy",
                "the end of the run would be a further answer; leave them out"
            ),
        ]
        if let (_, what, why) = others.first(where: \.0) { throw refuse(what, why) }
    }
}
