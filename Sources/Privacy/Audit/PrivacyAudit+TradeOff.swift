import Foundation

extension PrivacyAudit {
    /// Whether the guesses of one run are too good for a curve; each canary was in with probability ½, on its own.
    ///
    /// S. Mahloujifar, L. Melis, K. Chaudhuri, *Auditing f-Differential Privacy in One Run*, ICML 2025, arXiv 2410.22235,
    /// algorithm 3. Let r(i) be the chance that at least i guesses are right and so is that of a canary drawn at random, and
    /// h(i) the same where that one's is wrong. Under f both obey f̄(h(i)) ≥ r(i + 1), and r(i) − r(i + 1) = i/(g − i) (h(i) −
    /// h(i + 1)) for g guesses; r(0) + h(0) is the share of canaries that were guessed. From r and h of a tail of the
    /// probability `error` they are followed down to 0: if they come to more, the tail is less likely than that.
    ///
    /// It needs nothing but f: canaries may depend on one another in any way that f allows.
    /// - Parameters:
    ///   - curve: of the claim, for neighbours in both directions.
    ///   - guesses: of a number that does not depend on which were right.
    ///   - error: chance to refute a curve that holds, in (0, 1).
    /// - Complexity: O(right guesses · points of the curve).
    public static func refutes(_ curve: TradeOffCurve, by guesses: Guesses, error: Double) -> Bool {
        let (right, made) = (guesses.right, Double(guesses.made))
        guard right > 0 else { return false }
        let (canaries, whole) = (Double(guesses.canaries), made / Double(guesses.canaries))
        var known = error * Double(right) / canaries
        var unknown = error * (made - Double(right)) / canaries
        for i in stride(from: right - 1, through: 0, by: -1) {
            let next = max(unknown, curve.least(where: min(known, 1)))
            known += Double(i) / (made - Double(i)) * (next - unknown)
            unknown = next
            if known + unknown > whole { return true }
        }
        return false
    }

    /// Whether guesses of *all* canaries are too good for a curve where what is released of one does not depend on which others
    /// were in: then right guesses are independent, each with a chance of (1 + δ(0)) / 2 at most, and a binomial bounds them.
    ///
    /// That is so where noise is independent in all coordinates and canaries point in orthogonal directions, which is what
    /// white-box audits of single canaries repeat runs for (M. Nasr et al., *Tight Auditing of Differentially Private Machine
    /// Learning*, USENIX Security 2023, arXiv 2302.07956).
    /// - Parameters: as of ``refutes(_:by:error:)``; guesses may follow from all scores, and not from who was in.
    public static func refutes(_ curve: TradeOffCurve, byIndependent guesses: Guesses, error: Double) -> Bool {
        BinomialTail.atLeast(guesses.right, of: guesses.made, probability: curve.bestGuess) <= error
    }
}
