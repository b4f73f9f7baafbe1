import FedCore
import Privacy
import Records

/// How a run adds noise, and the events that accountants count it by: ε follows from the number of rounds alone, at any number
/// of ranks and after a resume.
struct PrivacyAccount: Sendable {
    /// How noise of different rounds hangs together.
    enum Mechanism: Sendable, Equatable {
        /// Fresh noise in each round, on a Poisson sample of the clients, or on all of them.
        case independent
        /// The noise of a binary tree over the rounds of an epoch; each client is in one round of an epoch at most, and
        /// each epoch has a tree of its own.
        ///
        /// P. Kairouz et al., *Practical and Private (Deep) Learning Without Sampling or Shuffling*, ICML 2021,
        /// arXiv:2103.00039 (DP-FTRL with restarts).
        case tree
        /// Noise that a banded factor mixes over the rounds; each client is in one of any b consecutive rounds at most.
        case banded(BandedFactor)
        /// Noise of each client on its own update, whatever it is: it may be any other of norm C.
        case local
        /// A share of the sum's noise by each client, on its own update.
        case distributed(NoiseShares)
    }

    /// How noise of different rounds hangs together.
    let mechanism: Mechanism
    /// Numbers of an update.
    let floats: Int
    /// Rounds in which every client is asked once at most; 1 where all are asked in each.
    let epoch: Int
    /// How the clip adapts; nil for a fixed one.
    let adaptive: AdaptiveClipping?
    /// Probability of each client to be asked, where it is secret who is; 1 otherwise.
    private let probability: Double
    /// Clients that a round asks where their number is fixed, and all that there are.
    private let (cohort, clients): (Int, Int)
    /// Whether clients are asked one after the other.
    private let isInTurn: Bool
    /// Points of the lattice from 0 to the clip; with adaptive clipping the least that there can be.
    private let pointsPerClip: Double
    /// What finds ε: loss distributions, where the lattice is so fine that its noise is a Gaussian's, and Rényi divergences, whose bound is
    /// that of any lattice, for the coarse one of `--secure-bits`.
    let accountant: PrivacyAccountantKind

    /// Takes the mechanism from the settings.
    /// - Parameter floats: numbers of an update.
    init(_ settings: RunSettings, _ lattice: ClipLattice, floats: Int) {
        self.floats = floats
        switch (settings.privacy, settings.ftrlFactor) {
        case (.ftrl, .tree): mechanism = .tree
        case (.ftrl, .banded): mechanism = .banded(BandedFactor(bands: settings.ftrlBand))
        case (.local, _): mechanism = .local
        case (.distributed, _): mechanism = .distributed(NoiseShares(settings))
        default: mechanism = .independent
        }
        adaptive =
            settings.clipping == .adaptive
            ? AdaptiveClipping(
                quantile: settings.clipQuantile, rate: settings.clipRate, expected: PrivacyTerms.expected(settings))
            : nil
        probability = settings.hasPoissonCohorts ? settings.clientFraction : 1
        epoch = max(1, settings.clients / settings.cohortSize)
        (cohort, clients) = (settings.cohortSize, settings.clients)
        isInTurn = settings.selection == "cyclic"
        accountant = settings.privacy == .distributed && settings.secureBits != nil ? .rdp : .pld
        pointsPerClip = adaptive == nil ? lattice.pointsPerClip : 0x1p20
    }

    /// The relation under which it is accounted.
    var relation: NeighbouringRelation {
        switch mechanism {
        case .independent: .addOrRemoveOne
        case .tree, .banded, .distributed: .zeroOutOne
        case .local: .replaceOne
        }
    }

    /// Whether clients add noise themselves, and are charged one by one.
    var isByClient: Bool {
        switch mechanism {
        case .local, .distributed: true
        case .independent, .tree, .banded: false
        }
    }

    /// σ in points of the lattice of what noise is added to, rounded up; of shares, that of one.
    /// - Parameters:
    ///   - noise: z.
    ///   - lattice: of a round; nil for the least that there can be.
    func sigma(_ noise: Double, _ lattice: ClipLattice? = nil) -> Double {
        let points = lattice?.pointsPerClip ?? pointsPerClip
        return switch mechanism {
        case .independent: ((adaptive.map { $0.updateNoise(noise) ?? noise } ?? noise) * points).rounded(.up)
        case .tree, .local: (noise * points).rounded(.up)
        case .distributed(let shares): shares.sigma(noise * points).rounded(.up)
        case .banded(let factor): (noise * factor.norm * points * Double(1 << BandedFactor.bits)).rounded(.up)
        }
    }

    /// What so many rounds release.
    /// - Parameter noise: z.
    func event(_ noise: Double, rounds: Int) -> PrivacyEvent {
        func gaussian(_ multiplier: Double, _ dimension: Int) -> PrivacyEvent {
            .discreteGaussian(
                DiscreteGaussianNoise(
                    noiseMultiplier: multiplier, stepsPerParty: sigma(noise), dimension: dimension))
        }
        switch mechanism {
        case .independent:
            // Where the count's noise is too little, z stands for what no noise could reach; the terms refuse it.
            let event =
                if let adaptive, let updateNoise = adaptive.updateNoise(noise) {
                    PrivacyEvent.composed([gaussian(updateNoise, floats), adaptive.countEvent])
                } else {
                    gaussian(noise, floats)
                }
            return .repeated(probability == 1 ? event : .poissonSampled(probability: probability, event), times: rounds)
        case .tree:
            // A round is in as many sums as the number of rounds has binary digits.
            func depth(_ rounds: Int) -> Int { Int.bitWidth - rounds.leadingZeroBitCount }
            let (whole, rest) = rounds.quotientAndRemainder(dividingBy: epoch)
            return .repeated(gaussian(noise, floats), times: whole * depth(epoch) + depth(rest))
        case .banded(let factor):
            return .repeated(gaussian(noise, floats * factor.coefficients.count), times: mostTurns(rounds))
        case .local, .distributed: return .repeated(turn(noise), times: mostTurns(rounds))
        }
    }

    /// What a round releases of a client that adds noise itself: of an update with all of its noise, that two of norm C are 2 C apart;
    /// of one with a share, what the sum tells.
    func turn(_ noise: Double) -> PrivacyEvent {
        if case .distributed(let shares) = mechanism {
            return .discreteGaussian(
                DiscreteGaussianNoise(
                    noiseMultiplier: noise, stepsPerParty: sigma(noise), parties: shares.least, dimension: floats))
        }
        return .discreteGaussian(
            DiscreteGaussianNoise(noiseMultiplier: noise / 2, stepsPerParty: sigma(noise), dimension: floats))
    }

    /// The most rounds of so many that a client can be asked in: clients that are asked in turn differ by one, of others one may be
    /// asked in all.
    func mostTurns(_ rounds: Int) -> Int { isInTurn ? (rounds * cohort + clients - 1) / clients : rounds }

    /// ε after so many rounds.
    func epsilon(_ noise: Double, delta: Double, rounds: Int) throws(ConfigurationError) -> Double {
        try accountant.accountant.epsilon(
            of: PrivacyComposition(event(noise, rounds: rounds), under: relation), delta: delta
        ).upper
    }

    /// The noise multiplier with which so many rounds come to ε.
    func noise(epsilon: Double, delta: Double, rounds: Int) throws(ConfigurationError) -> Double {
        let calibration = try NoiseCalibration(
            epsilon: epsilon, delta: delta, accountant: accountant.accountant, relation: relation)
        return try calibration.noiseMultiplier(rounds: 1) { event($0, rounds: rounds) }
    }
}
