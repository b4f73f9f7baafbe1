import Cryptography
import FedCore

/// The server's noise: integers of a discrete Gaussian, on the lattice of the exact sum, from a stream of a key. A round's noise
/// follows from key, round and attempt, so that it is the same on any number of ranks, and after a resume with the same key.
struct CentralNoise {
    private let terms: PrivacyTerms
    private let key: NoiseKey
    private let gaussian: DiscreteGaussian

    /// Takes the terms, and the key.
    init(_ terms: PrivacyTerms, key: NoiseKey) {
        self.terms = terms
        self.key = key
        gaussian = DiscreteGaussian(sigma: terms.sigma)
    }

    /// Adds a round's noise to a sum. O(floats).
    /// - Parameter sum: clients' updates, each of weight 1.
    func add(to sum: inout UpdateSum, _ round: RoundID) {
        var stream = key.stream(.server, round)
        let steps = Int64(Double(terms.grid) * sum.stepsPerUnit)
        let words = (0..<sum.shape.plain).map { _ in gaussian.sample(&stream) &* steps }
        sum.add(piece: words.span, from: 0, levels: [])
    }
}
