public import FedCore
import Foundation

/// Lower bounds of ε from attacks: what an implementation that keeps its promise cannot show.
///
/// An audit proves nothing good. It finds what is wrong: if the bound is above the accountant's
/// ε, noise, clipping or sampling is not what the accountant was told, save with the stated
/// chance.
public enum PrivacyAudit {
    /// Guesses of a one-run audit.
    public struct Guesses: Sendable, Equatable {
        /// How many canaries were guessed to be in or out; the others were abstained from.
        public let made: Int
        /// How many of these were right.
        public let right: Int
        /// How many canaries there were.
        public let canaries: Int

        /// Counts that others have made.
        /// - Throws: `ConfigurationError` unless right ≤ made ≤ canaries.
        public init(right: Int, made: Int, canaries: Int) throws(ConfigurationError) {
            guard right >= 0, made >= right, canaries >= max(made, 1) else {
                throw ConfigurationError("\(right) of \(made) guesses of \(canaries) canaries cannot be")
            }
            self.made = made
            self.right = right
            self.canaries = canaries
        }

        /// Guesses by scores: the highest are said to be in, the lowest to be out.
        ///
        /// - Parameters:
        ///   - scores: of the canaries that were in, and of those that were out: higher where
        ///     the model knows more of it. NaN counts as lowest.
        ///   - included: the first so many of the scores were in.
        ///   - highest: how many are guessed to be in.
        ///   - lowest: how many are guessed to be out.
        /// - Throws: `ConfigurationError` when there are fewer scores than guesses.
        public init(included: [Double], excluded: [Double], highest: Int, lowest: Int) throws(ConfigurationError) {
            let all = included.map { ($0, true) } + excluded.map { ($0, false) }
            guard highest >= 0, lowest >= 0, highest + lowest <= all.count, !all.isEmpty else {
                throw ConfigurationError("\(highest) and \(lowest) guesses are more than \(all.count) scores")
            }
            // Ties are broken against the guesser, so that equal scores show nothing.
            func place(_ score: Double) -> Double { score.isNaN ? -.infinity : score }
            let falling = all.sorted { (place($0.0), $0.1 ? 0 : 1) > (place($1.0), $1.1 ? 0 : 1) }
            let rising = all.sorted { (place($0.0), $0.1 ? 0 : 1) < (place($1.0), $1.1 ? 0 : 1) }
            try self.init(
                right: falling.prefix(highest).count { $0.1 } + rising.prefix(lowest).count { !$0.1 },
                made: highest + lowest, canaries: all.count)
        }
    }

    /// ε that one run shows: each canary was in with probability ½, on its own.
    ///
    /// T. Steinke, M. Nasr, M. Jagielski, *Privacy Auditing with One (1) Training Run*, NeurIPS
    /// 2023, arXiv 2305.08846, theorem 5.2 and appendix D: under (ε, δ) and r guesses of m
    /// canaries, the number W of right ones is dominated by B = Binomial(r, e^ε/(1 + e^ε)) but
    /// for δ: P[W ≥ v] ≤ P[B ≥ v] + 2 m δ · maxᵢ (P[B ≥ v − i] − P[B ≥ v]) / i. The ε below
    /// which this is no more than `error` is refuted.
    ///
    /// - Parameters:
    ///   - guesses: what was guessed.
    ///   - delta: δ of the claim; 0 for pure differential privacy.
    ///   - error: chance that the bound is wrong, in (0, 1): 0.05 for 95 % confidence.
    /// - Returns: ε ≥ 0 that is exceeded, save with the chance.
    /// - Throws: `ConfigurationError` for a δ or an error out of range.
    /// - Complexity: some fifty times O(guesses).
    public static func epsilon(
        _ guesses: Guesses, delta: Double, error: Double = 0.05
    ) throws(ConfigurationError) -> Double {
        guard delta >= 0, delta < 1, error > 0, error < 1 else {
            throw ConfigurationError("an audit at delta \(delta) and an error of \(error) cannot be")
        }
        guard guesses.right > 0, pValue(guesses, epsilon: 0, delta: delta) <= error else { return 0 }
        var high = 1.0
        while high < 100, pValue(guesses, epsilon: high, delta: delta) <= error { high *= 2 }
        // The p-value rises with ε: the least that is not refuted bounds those that are.
        return Bisection.least(in: 0...high) { pValue(guesses, epsilon: $0, delta: delta) > error }
    }

    /// The chance of as many right guesses under (ε, δ), at most 1.
    static func pValue(_ guesses: Guesses, epsilon: Double, delta: Double) -> Double {
        let probability = 1 / (1 + exp(-epsilon))
        let (v, r) = (guesses.right, guesses.made)
        // P[B = i] for all i, in logarithms, and the tails from the top.
        var mass = [Double](repeating: 0, count: r + 1)
        var logChoose = 0.0
        for i in 0...r {
            mass[i] = exp(logChoose + Double(i) * log(probability) + Double(r - i) * log1p(-probability))
            logChoose += log(Double(r - i)) - log(Double(i + 1))
        }
        let tail = mass[v...].reduce(0, +)
        var (sum, steepest) = (0.0, 0.0)
        for i in stride(from: 1, through: v, by: 1) {
            sum += mass[v - i]
            steepest = max(steepest, sum / Double(i))
        }
        return min(1, tail + 2 * Double(guesses.canaries) * delta * steepest)
    }

    /// ε that many runs show, with and without one canary.
    ///
    /// M. Jagielski, J. Ullman, A. Oprea, *Auditing Differentially Private Machine Learning:
    /// How Private is Private SGD?*, NeurIPS 2020, arXiv 2006.07709; M. Nasr et al., *Adversary
    /// Instantiation*, S&P 2021, arXiv 2101.04535: under (ε, δ) every test has TPR ≤ e^ε FPR +
    /// δ and 1 − FPR ≤ e^ε (1 − TPR) + δ. The rates are bounded by ``ClopperPearson``, each
    /// with half of the error.
    ///
    /// - Parameters:
    ///   - truePositives: runs with the canary in which it was found.
    ///   - included: runs with the canary.
    ///   - falsePositives: runs without it in which it was found.
    ///   - excluded: runs without it.
    ///   - delta: δ of the claim.
    ///   - error: chance that the bound is wrong.
    /// - Returns: ε ≥ 0 that is exceeded, save with the chance.
    /// - Throws: `ConfigurationError` for counts that cannot be.
    public static func epsilon(
        truePositives: Int, of included: Int, falsePositives: Int, of excluded: Int, delta: Double, error: Double = 0.05
    ) throws(ConfigurationError) -> Double {
        let found = try ClopperPearson.lower(successes: truePositives, trials: included, error: error / 2)
        let falsely = try ClopperPearson.upper(successes: falsePositives, trials: excluded, error: error / 2)
        let ratios = [(found - delta) / falsely, (1 - falsely - delta) / (1 - found)]
        return ratios.filter { $0 > 0 }.map { log($0) }.reduce(0, max)
    }
}
