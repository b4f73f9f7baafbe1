import FedCore
import Foundation

/// A composition as accountants of loss distributions take it: all Gaussians on whole data as
/// one, and the sampled ones.
struct LossParts {
    /// The noise multiplier of all releases without sampling together, if there are any.
    private(set) var whole: Double?
    /// Sampled releases, each with how often it took place.
    /// A part without sampling is in ``whole`` instead.
    private(set) var sampled: [(part: SampledGaussian, count: Int)] = []
    /// What ε has to be raised by because noise on whole numbers was taken for a Gaussian's.
    private(set) var slack = 0.0

    /// Largest slack, which ε is raised by: beyond a thousandth the noise is better counted as what it is. A run of a thousand
    /// rounds with a million parameters, on a lattice of 2²⁰ points, has less than a tenth of that.
    private static let mostSlack = 1e-3

    /// Sorts a composition.
    /// - Throws: `ConfigurationError` for sampling of a fixed size, and for coarse noise on
    ///   whole numbers: they have Rényi bounds only.
    /// - Parameters:
    ///   - composition: what was released, under a relation for which add and remove are both
    ///     looked at.
    ///   - accountant: whose name an error bears.
    init(_ composition: PrivacyComposition, for accountant: PrivacyAccountantKind) throws(ConfigurationError) {
        var precision = 0.0
        var distance = 0.0
        for (part, count) in composition.terms {
            // Both the densities that the loss is the ratio of can be off, in each release.
            distance += 2 * Double(count) * part.logDistance
            switch part.sampling {
            case .fixed:
                throw ConfigurationError("\(accountant.rawValue) has no bound for samples of a fixed size; rdp has")
            case .none: precision += Double(count) / (part.noiseMultiplier * part.noiseMultiplier)
            case .poisson: sampled.append((part, count))
            }
        }
        guard distance <= Self.mostSlack else {
            throw ConfigurationError(
                "\(accountant.rawValue) takes noise on whole numbers only where a step is far below sigma; rdp takes it"
            )
        }
        slack = distance
        whole = precision > 0 ? 1 / precision.squareRoot() : nil
    }

    /// All parts, those without sampling as one.
    var all: [(part: SampledGaussian, count: Int)] {
        guard let whole else { return sampled }
        return [(SampledGaussian(noiseMultiplier: whole, sampling: .none, logDistance: 0), 1)] + sampled
    }

    /// Number of releases, those without sampling counted as one.
    /// It is what T stands for in errors that grow with the number of releases.
    var count: Int { all.reduce(0) { $0 + $1.count } }

    /// Their Rényi divergences, at the usual orders.
    /// - Complexity: a millisecond for each distinct part.
    var curve: RenyiCurve {
        var curve = RenyiCurve()
        for (part, count) in all { curve.add(RenyiCurve(part), times: count) }
        return curve
    }
}
