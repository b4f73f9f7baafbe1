import FedCore
import NeuralNet
import Privacy
import Records

/// What every rank knows of a run with DP-SGD: how long a sample's gradient may be, how much noise a step's sum gets, and which
/// samples a step sees.
///
/// A client's step is w ← w − η·(Σᵢ gᵢ·min(1, C/‖gᵢ‖) + N(0, z²C²·I)) / L, over the samples i of its batch, with L the *expected*
/// size of a batch. One sample more or less then moves the sum by C at most: the Gaussian mechanism with noise multiplier z, on
/// a Poisson sample of the client's samples with probability L/n. What a client sends follows from such sums alone, so the promise
/// holds towards the server, too.
///
/// M. Abadi et al., *Deep Learning with Differential Privacy*, CCS 2016, arXiv:1607.00133, algorithm 1.
struct SamplePrivacy: Sendable {
    /// C, the bound of the whole gradient; that of a turn's first step, where it adapts.
    let clip: Float
    /// Whether each layer's part is clipped by itself.
    let isPerLayer: Bool
    /// γ and η of a clip that adapts; nil for one that stays.
    private let adaptation: (quantile: Double, rate: Double)?
    /// Noise multiplier, σ / C.
    private(set) var noise: Double
    /// Whether a batch is a Poisson sample; otherwise the samples of an epoch are dealt out in batches of a fixed size.
    let isPoisson: Bool
    private let batchSize: Int
    private let epochs: Int
    private let localSteps: Int?
    /// Turns of a client in a round.
    private let turns: Int

    /// Takes the terms from the settings.
    /// - Parameters:
    ///   - turns: turns that a client has in a round.
    ///   - sizes: samples of each client.
    /// - Returns: nil without DP-SGD.
    /// - Throws: `ConfigurationError` when no noise keeps `--epsilon`.
    init?(_ settings: RunSettings, turns: Int, sizes: [Int]) throws(ConfigurationError) {
        guard settings.privacy == .dpSGD else { return nil }
        clip = Float(settings.clip)
        isPerLayer = settings.clipping == .perLayer
        adaptation = settings.clipping == .adaptive ? (settings.clipQuantile, settings.clipRate) : nil
        isPoisson = settings.sampling != .shuffle
        (batchSize, epochs, localSteps) = (settings.batchSize, settings.epochs, settings.localSteps)
        self.turns = turns
        noise = settings.noise ?? 0
        if settings.noise == nil {
            noise = try leastNoise(
                try settings.requiredEpsilon(), delta: settings.delta, rounds: settings.rounds, sizes: sizes)
        }
        for size in sizes where size > 0 && adaptive(holding: size).map({ $0.updateNoise(noise) == nil }) == true {
            throw ConfigurationError(
                "--clipping adaptive needs --noise below a tenth of the samples of a step, which are \(expected(holding: size)), and it "
                    + "is \(noise): have larger batches, or --clipping fixed")
        }
    }

    /// How a client with so many samples moves its clip from step to step; nil for a clip that stays. Every turn begins with
    /// ``clip`` again, so that a client keeps nothing.
    func adaptive(holding samples: Int) -> AdaptiveClipping? {
        adaptation.map {
            AdaptiveClipping(quantile: $0.quantile, rate: $0.rate, expected: Double(expected(holding: samples)))
        }
    }

    /// Steps of a turn of a client with so many samples.
    func steps(holding samples: Int) -> Int { localSteps ?? epochs * stepsOfEpoch(samples) }

    /// Steps after which as many samples have been seen, on average, as the client holds.
    func stepsOfEpoch(_ samples: Int) -> Int { (samples + batchSize - 1) / max(batchSize, 1) }

    /// L: samples of a step, on average.
    func expected(holding samples: Int) -> Int { min(batchSize, samples) }

    /// The promise in one line, for the run's beginning.
    func line(_ settings: RunSettings) -> String {
        let how =
            isPerLayer
            ? ", layer by layer" : adaptation.map { " at first, then to their quantile \($0.quantile)" } ?? ""
        return
            "dp-sgd, \(settings.privacyBudget) for every sample: gradients clipped to \(clip)\(how), noise \(noise) times that in "
            + "every step, "
            + (isPoisson ? "Poisson batches" : "batches of a fixed size, counted without amplification by sampling")
            + settings.noiseWarning
    }

    /// What a client with so many samples releases about one of them in a round: a Gaussian for each step, on a sample. Batches of a
    /// fixed size have each sample in one step of an epoch, by an order that has nothing to do with the data, and no
    /// amplification is counted.
    /// - Parameter other: another noise multiplier than the run's, for audits.
    func event(holding samples: Int, noise other: Double? = nil) -> PrivacyEvent {
        guard samples > 0 else { return .nothing }
        let noise = other ?? self.noise
        guard isPoisson else {
            let passes = (steps(holding: samples) + stepsOfEpoch(samples) - 1) / stepsOfEpoch(samples)
            return .repeated(.gaussian(noiseMultiplier: noise), times: passes * turns)
        }
        let rate = Double(expected(holding: samples)) / Double(samples)
        return .repeated(
            .sampledGaussian(noiseMultiplier: noise, probability: rate), times: steps(holding: samples) * turns)
    }

    /// The least noise multiplier with which no client that takes part in all rounds spends more than ε.
    private func leastNoise(
        _ epsilon: Double, delta: Double, rounds: Int, sizes: [Int]
    ) throws(ConfigurationError) -> Double {
        let calibration = try NoiseCalibration(
            epsilon: epsilon, delta: delta, accountant: PrivacyAccountantKind.pld.accountant, relation: .zeroOutOne)
        // The client of whose samples a step sees the largest part; then any that would spend more.
        var client = sizes.filter { $0 > 0 }.min() ?? 1
        var least = 0.0
        for _ in 0..<20 {
            let found = try calibration.noiseMultiplier(rounds: rounds) { event(holding: client, noise: $0) }
            least = max(least, found)
            var costs = PrivacyCosts(delta: delta)
            let questions = Set(sizes).sorted().map { (event: event(holding: $0, noise: least), times: rounds, id: $0) }
            let worst = try costs.largest(of: questions)
            guard let worst, worst.epsilon > epsilon * (1 + 1e-6) else { return least }
            client = worst.id
        }
        throw ConfigurationError(
            "--epsilon \(epsilon): no noise was found that keeps it for every client; give --noise")
    }
}

extension Job {
    /// Samples of a pass of DP-SGD. A Poisson sample has now more, now fewer than `batchSize`, and a pass takes as long as a
    /// full one: several small ones waste less.
    var samplesOfPass: Int {
        guard let samplePrivacy, samplePrivacy.isPoisson else { return batchSize }
        return min(batchSize, 16)
    }
}

/// ε of many compositions, of which the largest is wanted.
struct PrivacyCosts {
    /// δ of each by itself.
    let delta: Double
    /// What has been found: ε does not change.
    private var known: [Question: Double] = [:]

    private struct Question: Hashable {
        let event: PrivacyEvent
        let times: Int
    }

    init(delta: Double) { self.delta = delta }

    /// The largest ε by privacy loss distributions. Rényi's is never below it, and cheaper: only those are asked for of which it
    /// could be the largest.
    /// - Parameter events: event, how often it took place, and whose it is.
    /// - Returns: nil when there are none.
    /// - Complexity: a millisecond for each that is near the largest, a third of one for every other.
    mutating func largest<ID>(
        of events: [(event: PrivacyEvent, times: Int, id: ID)]
    ) throws(ConfigurationError) -> (epsilon: Double, id: ID)? {
        let renyi = PrivacyAccountantKind.rdp.accountant
        let exact = PrivacyAccountantKind.pld.accountant
        var bounds: [(bound: Double, index: Int)] = []
        for (index, (event, times, _)) in events.enumerated() {
            let composition = try PrivacyComposition(event, times: times, under: .zeroOutOne)
            bounds.append((try renyi.epsilon(of: composition, delta: delta).upper, index))
        }
        bounds.sort { ($0.bound, $1.index) > ($1.bound, $0.index) }
        var largest: (epsilon: Double, id: ID)?
        for (bound, index) in bounds {
            if let largest, bound <= largest.epsilon { break }
            let (event, times, id) = events[index]
            let question = Question(event: event, times: times)
            let composition = try PrivacyComposition(event, times: times, under: .zeroOutOne)
            let epsilon =
                if let found = known[question] { found } else { try exact.epsilon(of: composition, delta: delta).upper }
            known[question] = epsilon
            if epsilon > largest?.epsilon ?? -1 { largest = (epsilon, id) }
        }
        return largest
    }
}
