public import FedCore

/// Exact bounds of a probability from counted successes.
///
/// C. Clopper, E. Pearson, *The Use of Confidence or Fiducial Limits Illustrated in the Case of
/// the Binomial*, Biometrika 26(4), 1934. Each bound is wrong with at most the given
/// probability, for every number of trials.
public enum ClopperPearson {
    /// The probability is not above, save with a chance of `error`.
    /// - Parameters:
    ///   - successes: how many, from 0.
    ///   - trials: of how many, from 1.
    ///   - error: in (0, 1).
    /// - Throws: `ConfigurationError` for counts that cannot be.
    public static func upper(successes: Int, trials: Int, error: Double) throws(ConfigurationError) -> Double {
        try check(successes, trials, error)
        guard successes < trials else { return 1 }
        // P[X ≤ k] = 1 − P[X ≥ k + 1] falls with p; the bound is where it is down to the error.
        return Bisection.least(in: 0...1) {
            BinomialTail.atLeast(trials - successes, of: trials, probability: 1 - $0) <= error
        }
    }

    /// The probability is not below, save with a chance of `error`.
    /// - Parameters: as of ``upper(successes:trials:error:)``.
    /// - Throws: `ConfigurationError` for counts that cannot be.
    public static func lower(successes: Int, trials: Int, error: Double) throws(ConfigurationError) -> Double {
        1 - (try upper(successes: trials - successes, trials: trials, error: error))
    }

    /// Refuses counts that cannot be.
    private static func check(_ successes: Int, _ trials: Int, _ error: Double) throws(ConfigurationError) {
        guard trials >= 1, (0...trials).contains(successes), error > 0, error < 1 else {
            throw ConfigurationError("\(successes) of \(trials) trials at an error of \(error) cannot be")
        }
    }
}
