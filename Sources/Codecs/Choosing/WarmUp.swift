import FedCore

/// Warm-up of sparsity: in the first rounds more numbers cross, a quarter, then a quarter of that, and so on, until only
/// those are left that cross from then on.
///
/// Y. Lin et al., *Deep Gradient Compression*, ICLR 2018, section 3.3, arXiv:1712.01887: in the first epochs the sparsity
/// is 75, 93.75, 98.4375, 99.6 and 99.9 %; here by rounds, as a client has no epochs beyond them. The other parts of the
/// paper: accumulating what did not cross is error feedback, momentum correction and factor masking are
/// `--error-feedback-momentum`, and clipping before the accumulation is `--clip-gradients`, in each step.
struct WarmUp: Sendable {
    /// Rounds with more numbers, from the run's first on.
    let rounds: Int

    /// Reads the option.
    /// - Throws: `ConfigurationError` when it is not accepted.
    init(_ reader: inout OptionReader) throws(ConfigurationError) {
        rounds = try reader.integer("warmup", default: 0, "from 0 to 16") { (0...16).contains($0) }
    }

    /// Numbers that cross in a round: 4⁻ʳ of all in the r-th, while that is more than what crosses behind the warm-up.
    /// - Parameters:
    ///   - amount: what crosses behind the warm-up, and at least in it.
    ///   - count: number of all.
    ///   - round: the round's number, from 1.
    func places(_ amount: Amount, of count: Int, round: Int) -> Int {
        let last = amount.of(count)
        guard round >= 1, round <= rounds else { return last }
        return max(last, Amount.percent(100 / Double(1 << (2 * round))).of(count))
    }

    /// The most numbers that cross in any round: those of the first.
    func mostPlaces(_ amount: Amount, of count: Int) -> Int { places(amount, of: count, round: 1) }
}
