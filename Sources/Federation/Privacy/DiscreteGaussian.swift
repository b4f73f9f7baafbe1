import Cryptography

/// The discrete Gaussian: integers x with probability proportional to exp(−x² / 2σ²), drawn exactly, with integer arithmetic
/// alone. No bit of a sample depends on how a processor rounds, which floating-point noise has been attacked by.
///
/// C. L. Canonne, G. Kamath, T. Steinke, *The Discrete Gaussian for Differential Privacy*, NeurIPS 2020, algorithms 1 to 3,
/// arXiv:2004.00010. Its privacy is that of the Gaussian with the same σ (theorem 4 for one integer; for vectors the same
/// bound of concentrated differential privacy, theorem 14).
struct DiscreteGaussian {
    /// σ, in integers.
    let sigma: UInt64

    /// The largest σ for which all products fit 128 bits, with room.
    static let largestSigma: UInt64 = 1 << 40
    /// The largest σ for which they fit 64 bits, in which a sample takes half the time.
    private static let largestNarrowSigma: UInt64 = 1 << 28

    /// Describes the distribution.
    /// - Precondition: 1 ≤ σ ≤ ``largestSigma``.
    init(sigma: UInt64) {
        precondition((1...Self.largestSigma).contains(sigma), "a σ of \(sigma)")
        self.sigma = sigma
    }

    /// Draws one integer: a discrete Laplace of scale σ, accepted with probability exp(−(|y| − σ)² / 2σ²).
    func sample(_ source: inout ChaCha20Stream) -> Int64 {
        while true {
            let candidate = laplace(&source)
            let distance = candidate.magnitude > sigma ? candidate.magnitude - sigma : sigma - candidate.magnitude
            // Beyond 16 σ no acceptance is possible that could be seen: exp(−2⁷).
            if sigma > Self.largestNarrowSigma {
                guard distance < 1 << 44 else { continue }
                let (wide, sigma) = (UInt128(distance), UInt128(sigma))
                if decaysWide(wide * wide, over: 2 * sigma * sigma, &source) { return candidate }
                continue
            }
            guard distance < 1 << 32 else { continue }
            if decays(distance * distance, over: 2 * sigma * sigma, &source) { return candidate }
        }
    }

    /// Draws from the discrete Laplace distribution, P(y) ∝ exp(−|y| / σ) (algorithm 2).
    private func laplace(_ source: inout ChaCha20Stream) -> Int64 {
        while true {
            let remainder = uniform(below: sigma, &source)
            guard decays(remainder, over: sigma, &source) else { continue }
            var quotient: UInt64 = 0
            while decays(1, over: 1, &source) { quotient += 1 }
            let magnitude = Int64(remainder + sigma * quotient)
            let isNegative = source.next() & 1 == 1
            // Or zero would be twice as likely.
            if isNegative, magnitude == 0 { continue }
            return isNegative ? -magnitude : magnitude
        }
    }

    /// True with probability exp(−numerator / denominator) (algorithm 1).
    private func decays(_ numerator: UInt64, over denominator: UInt64, _ source: inout ChaCha20Stream) -> Bool {
        for _ in 0..<numerator / denominator {
            guard decaysBelowOne(1, over: 1, &source) else { return false }
        }
        return decaysBelowOne(numerator % denominator, over: denominator, &source)
    }

    /// The same for an exponent of at most 1: the first k for which a coin of probability γ/k fails is odd with probability
    /// exp(−γ).
    private func decaysBelowOne(_ numerator: UInt64, over denominator: UInt64, _ source: inout ChaCha20Stream) -> Bool {
        var k: UInt64 = 1
        while uniform(below: denominator * k, &source) < numerator { k += 1 }
        return k & 1 == 1
    }

    /// An integer from 0 to `bound` − 1, every one as likely as every other.
    private func uniform(below bound: UInt64, _ source: inout ChaCha20Stream) -> UInt64 {
        let mask = UInt64.max >> UInt64(max(bound - 1, 1).leadingZeroBitCount)
        while true {
            let candidate = source.next() & mask
            if candidate < bound { return candidate }
        }
    }

    // MARK: 128 bits

    /// The same for numbers beyond 64 bits: true with probability exp(−numerator / denominator).
    private func decaysWide(_ numerator: UInt128, over denominator: UInt128, _ source: inout ChaCha20Stream) -> Bool {
        for _ in 0..<Int(numerator / denominator) {
            guard decaysBelowOne(1, over: 1, &source) else { return false }
        }
        let rest = numerator % denominator
        var k: UInt128 = 1
        while uniformWide(below: denominator * k, &source) < rest { k += 1 }
        return k & 1 == 1
    }

    /// An integer from 0 to `bound` − 1, every one as likely as every other; `bound` is above 1.
    private func uniformWide(below bound: UInt128, _ source: inout ChaCha20Stream) -> UInt128 {
        let mask = UInt128.max >> UInt128((bound - 1).leadingZeroBitCount)
        while true {
            let candidate = (UInt128(source.next()) << 64 | UInt128(source.next())) & mask
            if candidate < bound { return candidate }
        }
    }
}
