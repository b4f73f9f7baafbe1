import FedCore
import Privacy
import Records

/// What every rank knows of a run with client-level differential privacy: how far an update may reach, and how much
/// noise the sums get.
///
/// One client's update is Δ with ‖Δ‖₂ ≤ C on a lattice, each of weight 1; the server adds integers of discrete Gaussians to
/// their sum and divides by the *expected* number of clients. One client more or less then moves the sum by C at most,
/// whatever it holds.
///
/// H. B. McMahan, D. Ramage, K. Talwar, L. Zhang, *Learning Differentially Private Recurrent Language Models*, ICLR 2018,
/// arXiv:1710.06963, with the estimator of fixed denominator (section 3).
struct PrivacyTerms: Sendable {
    /// How noise is added, and what it costs.
    let account: PrivacyAccount
    /// Bound and lattice of updates; with adaptive clipping those that the run begins with.
    let lattice: ClipLattice
    /// Noise multiplier: σ over what a client moves.
    let noise: Double
    /// Clients that a cohort has on average.
    let expected: Double

    /// Takes the terms from the settings.
    /// - Parameter floats: numbers of an update.
    /// - Returns: nil without differential privacy.
    /// - Throws: `ConfigurationError` where the noise would be finer or coarser than the lattice can tell.
    init?(_ settings: RunSettings, floats: Int) throws(ConfigurationError) {
        guard let lattice = try Self.lattice(settings, floats: floats) else { return nil }
        self.lattice = lattice
        expected = Self.expected(settings)
        account = PrivacyAccount(settings, lattice, floats: floats)
        noise = try Self.noise(settings, account)
        let sigma = account.sigma(noise)
        guard sigma >= Self.leastSigma, sigma <= Double(DiscreteGaussian.largestSigma) else {
            throw Self.outOfRange(settings, noise)
        }
        if let adaptive = account.adaptive, adaptive.updateNoise(noise) == nil {
            throw ConfigurationError(
                "--clipping adaptive needs --noise below \(NumberText.fixed(2 * adaptive.countNoise, 3)), a tenth of the "
                    + "expected clients, and it is \(noise): have more clients, or --clipping fixed")
        }
    }

    /// σ in steps of the lattice at least.
    private static let leastSigma = 8.0

    /// The noise multiplier: the one that was asked for, or that the budget needs.
    private static func noise(_ settings: RunSettings, _ account: PrivacyAccount) throws(ConfigurationError) -> Double {
        if let noise = settings.noise { return noise }
        return try account.noise(
            epsilon: try settings.requiredEpsilon(), delta: settings.delta, rounds: settings.rounds)
    }

    /// Bound and lattice of updates; those that the run begins with.
    /// - Returns: nil without differential privacy.
    static func lattice(_ settings: RunSettings, floats: Int) throws(ConfigurationError) -> ClipLattice? {
        guard let privacy = settings.privacy, privacy != .dpSGD else { return nil }
        // The banded factor has bits of its own behind the lattice's.
        let isBanded = privacy == .ftrl && settings.ftrlFactor == .banded
        var lattice =
            isBanded
            ? ClipLattice(clip: Float(settings.clip), floats: floats, points: 0x1p16)
            : ClipLattice(clip: Float(settings.clip), floats: floats)
        if privacy == .distributed, let finest = lattice {
            // The noise that a budget needs depends on the lattice in its fourth digit at most.
            let noise = try noise(settings, PrivacyAccount(settings, finest, floats: floats))
            lattice = Self.lattice(settings, floats: floats, sharing: noise, bits: settings.secureBits)
            if let bits = settings.secureBits, lattice == nil {
                throw tooFewBits(bits, settings, floats: floats, noise)
            }
        }
        guard let lattice else { throw outOfRange(settings, settings.noise) }
        if settings.clipping == .adaptive {
            for clip in [ClipLattice.clips.lowerBound, ClipLattice.clips.upperBound] {
                guard ClipLattice.clips.contains(settings.clip), ClipLattice(clip: Float(clip), floats: floats) != nil
                else { throw outOfRange(settings, settings.noise) }
            }
        }
        return lattice
    }

    /// The lattice of updates that each get a share of the noise.
    /// - Parameters:
    ///   - noise: z.
    ///   - bits: of a number of an update in a small ring (`--secure-bits`); nil where it crosses as a Float.
    /// - Returns: nil where rounding would eat the clip up, or a share of the noise would be of too few steps.
    private static func lattice(
        _ settings: RunSettings, floats: Int, sharing noise: Double, bits: Int?
    ) -> ClipLattice? {
        let shares = NoiseShares(settings)
        let made = shares.points(noise, bits: bits).flatMap {
            ClipLattice(clip: Float(settings.clip), floats: floats, points: $0)
        }
        return made.flatMap { shares.sigma(noise * $0.pointsPerClip).rounded(.up) >= leastSigma ? $0 : nil }
    }

    /// Refuses too few bits, and says how many would do.
    private static func tooFewBits(
        _ bits: Int, _ settings: RunSettings, floats: Int, _ noise: Double
    ) -> ConfigurationError {
        let enough = (bits..<25).first {
            settings.hasNarrowRing(bits: $0) && lattice(settings, floats: floats, sharing: noise, bits: $0) != nil
        }
        return ConfigurationError(
            "--secure-bits \(bits) is too coarse for updates of \(NumberText.grouped(floats)) numbers, clipped to "
                + "\(settings.clip), with noise of \(NumberText.fixed(noise, 3)) times that: "
                + (enough.map { "take \($0) or more" } ?? "leave it out"))
    }

    /// Clients that a cohort has on average: of a fixed size, all.
    static func expected(_ settings: RunSettings) -> Double {
        settings.hasPoissonCohorts
            ? settings.clientFraction * Double(settings.clients) : Double(settings.cohortSize)
    }

    /// The refusal of a clip or noise for which no lattice is fine enough.
    private static func outOfRange(_ settings: RunSettings, _ noise: Double?) -> ConfigurationError {
        ConfigurationError(
            "--clip \(settings.clip)\(noise.map { " and --noise \($0)" } ?? "") are beyond what can be summed exactly: a clip "
                + "from 0.001 to 1000, and noise from 0.001 to 100")
    }

    /// The smallest distance of points that any round's lattice can have.
    var finestGrid: Float {
        account.adaptive == nil ? lattice.grid : lattice(clip: ClipLattice.clips.lowerBound).grid
    }

    /// The lattice of a clip that has adapted.
    /// - Parameter clip: from ``ClipLattice/clips``.
    func lattice(clip: Double) -> ClipLattice {
        ClipLattice(clip: Float(clip), floats: account.floats) ?? lattice
    }

    /// Refuses to continue a run whose noise was found for another number of rounds.
    static func checkSame(noise: Double, _ found: Double) throws(ConfigurationError) {
        guard noise == found else {
            throw ConfigurationError(
                "the rounds so far have had noise of \(noise) times the clip, and --rounds would make --epsilon need "
                    + "\(found): leave --rounds out")
        }
    }
}
