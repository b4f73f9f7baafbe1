import Cryptography
import FedCore

/// The server's noise: integers of discrete Gaussians, on the lattice of the exact sum, from streams of a key.
struct ServerNoise {
    private let terms: PrivacyTerms
    private let key: NoiseKey
    /// Noise of a banded factor, which the rounds before have a part in; nil with other mechanisms.
    private var banded: BandedNoise?

    /// Noise on these terms.
    init(_ terms: PrivacyTerms, _ key: NoiseKey) {
        (self.terms, self.key) = (terms, key)
        if case .banded(let factor) = terms.account.mechanism {
            banded = BandedNoise(
                factor, sigma: UInt64(terms.account.sigma(terms.noise)), count: terms.account.floats, key)
        }
    }

    /// Adds a round's noise to a sum. O(floats); of a tree O(floats · log rounds) at most, twice O(floats) on average; of
    /// shares O(floats · missing shares).
    /// - Parameters:
    ///   - sum: clients' updates, each of weight 1; with adaptive clipping each with ±½ behind it.
    ///   - round: the round, and the attempt that counts.
    ///   - lattice: of the round's clip.
    mutating func add(to sum: inout UpdateSum, _ round: RoundID, _ lattice: ClipLattice) {
        let account = terms.account
        let steps = Int64(Double(lattice.grid) * sum.stepsPerUnit)
        var words: [Int64]
        switch account.mechanism {
        case .independent:
            let gaussian = DiscreteGaussian(sigma: UInt64(account.sigma(terms.noise, lattice)))
            var stream = key.stream(.server, round)
            words = (0..<account.floats).map { _ in gaussian.sample(&stream) }
        case .tree:
            let tree = TreeNoise(epoch: account.epoch, sigma: UInt64(account.sigma(terms.noise)), key)
            words = tree.increment(round.number, count: account.floats)
        case .banded: words = banded?.noise(ofRound: round.number) ?? []
        case .local: return  // it is in what has come
        case .distributed(let shares):
            // Updates weigh 1: the sum's weight is the number of shares in it.
            let missing = shares.missing(Int(sum.weight))
            guard missing > 0 else { return }
            let gaussian = DiscreteGaussian(sigma: UInt64(account.sigma(terms.noise)))
            words = [Int64](repeating: 0, count: account.floats)
            for share in 0..<missing {
                var stream = key.stream(.server, part: share, round)
                for i in words.indices { words[i] &+= gaussian.sample(&stream) }
            }
        }
        for i in words.indices { words[i] &*= steps }
        if let adaptive = account.adaptive {
            var stream = key.stream(.count, round)
            let number = DiscreteGaussian(sigma: UInt64(adaptive.countSigma)).sample(&stream)
            words.append(number &* Int64(sum.stepsPerUnit / adaptive.countSteps))
        }
        sum.add(piece: words.span, from: 0, levels: [])
    }
}

/// Noise of prefix sums by a binary tree over the rounds of an epoch: the sum of rounds 1 to t has the noise of as many nodes as t
/// has binary digits that are 1, and each node's is drawn once. What a round's own sum gets is the difference of two prefixes'.
///
/// P. Kairouz et al., *Practical and Private (Deep) Learning Without Sampling or Shuffling*, ICML 2021, arXiv:2103.00039, appendix
/// B.1; C. Dwork, M. Naor, T. Pitassi, G. N. Rothblum, *Differential Privacy under Continual Observation*, STOC 2010. Nothing is kept:
/// a node that is taken out again is drawn again.
struct TreeNoise {
    private let epoch: Int
    private let gaussian: DiscreteGaussian
    private let key: NoiseKey

    /// Noise over epochs of so many rounds, each with a tree of its own.
    /// - Parameter sigma: σ of a node in points of the lattice.
    init(epoch: Int, sigma: UInt64, _ key: NoiseKey) {
        (self.epoch, self.key) = (epoch, key)
        gaussian = DiscreteGaussian(sigma: sigma)
    }

    /// What the noise of the prefix sum grows by in a round. O(count · nodes that change).
    /// - Parameters:
    ///   - round: from 1.
    ///   - count: numbers.
    func increment(_ round: Int, count: Int) -> [Int64] {
        // Within the epoch, from 1.
        let step = (round - 1) % epoch + 1
        let level = step.trailingZeroBitCount
        var words = [Int64](repeating: 0, count: count)
        add(to: &words, level: level, end: round, sign: 1)
        // The node covers those that the prefix before had at its end.
        for below in 0..<level { add(to: &words, level: below, end: round - 1 << below, sign: -1) }
        return words
    }

    /// Adds the noise of a node, or takes it away.
    /// - Parameters:
    ///   - level: the node covers 2 to this power rounds.
    ///   - end: the last of them.
    private func add(to words: inout [Int64], level: Int, end: Int, sign: Int64) {
        var stream = key.stream(.node, part: level, RoundID(end))
        for i in words.indices { words[i] &+= sign &* gaussian.sample(&stream) }
    }
}

/// Noise that a banded factor has mixed: C⁻¹ ζ, rounded to the lattice row by row.
///
/// Row t is zₜ = round(ζₜ − Σ_{0<j<b} cⱼ z_{t−j}) with c₀ = 1. As updates are on the lattice, xₜ + zₜ is a function of C x + ζ and of the
/// rows before: rounding costs no privacy, and ζ is a discrete Gaussian on the lattice that C x is on, 2¹⁰ times finer. The last b − 1
/// rows are in memory; after a resume all are drawn again from the key, O(rounds · floats), so that no checkpoint holds noise.
struct BandedNoise {
    private let factor: BandedFactor
    private let gaussian: DiscreteGaussian
    private let count: Int
    private let key: NoiseKey
    /// The last rows, the newest first.
    private var rows: [[Int64]] = []
    /// The round of the newest row.
    private var round = 0

    /// Noise of a factor.
    /// - Parameters:
    ///   - sigma: σ of ζ in points of its lattice.
    ///   - count: numbers of a row.
    init(_ factor: BandedFactor, sigma: UInt64, count: Int, _ key: NoiseKey) {
        (self.factor, self.count, self.key) = (factor, count, key)
        gaussian = DiscreteGaussian(sigma: sigma)
    }

    /// A round's row, in points of the updates' lattice. O(bands · count) for the round behind the last one.
    /// - Parameter number: the round, from 1.
    mutating func noise(ofRound number: Int) -> [Int64] {
        if number <= round { (rows, round) = ([], 0) }
        while round < number {
            var stream = key.stream(.server, RoundID(round + 1))
            var row = (0..<count).map { _ in gaussian.sample(&stream) }
            for (coefficient, earlier) in zip(factor.coefficients.dropFirst(), rows) {
                for i in row.indices { row[i] &-= coefficient &* earlier[i] }
            }
            // To the nearest point.
            let half: Int64 = 1 << (BandedFactor.bits - 1)
            for i in row.indices { row[i] = (row[i] + half) >> BandedFactor.bits }
            rows = Array(([row] + rows).prefix(max(1, factor.coefficients.count - 1)))
            round += 1
        }
        return rows[0]
    }
}
