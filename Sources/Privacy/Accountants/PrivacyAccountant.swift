public import FedCore

/// Turns what was released into (ε, δ).
///
/// All are valid upper bounds; they differ in how tight they are and in what they take. A
/// figure without the accountant's name cannot be compared with another.
public protocol PrivacyAccountant: Sendable {
    /// As on the command line.
    var kind: PrivacyAccountantKind { get }

    /// ε at δ, for everything that was released.
    /// - Parameters:
    ///   - composition: what was released.
    ///   - delta: δ in (0, 1).
    /// - Throws: `ConfigurationError` for events that this accountant does not take, or a δ out
    ///   of range.
    func epsilon(of composition: PrivacyComposition, delta: Double) throws(ConfigurationError) -> EpsilonBounds

    /// δ at ε, for everything that was released: an upper bound in [0, 1].
    /// - Parameters:
    ///   - composition: what was released.
    ///   - epsilon: ε ≥ 0.
    /// - Throws: `ConfigurationError` as ``epsilon(of:delta:)``.
    func delta(of composition: PrivacyComposition, epsilon: Double) throws(ConfigurationError) -> Double
}

/// An ε with what is known of its error.
public struct EpsilonBounds: Sendable, Equatable {
    /// The true ε is not below; nil where the accountant only has an upper bound.
    public let lower: Double?
    /// The figure to be shown.
    public let epsilon: Double
    /// The true ε is not above: what a guarantee may state, and what a budget is held against.
    public let upper: Double

    /// A bound from above alone.
    /// - Parameter upper: the bound, which is also what is shown.
    public init(upper: Double) { self.init(lower: nil, epsilon: upper, upper: upper) }

    /// An estimate between bounds.
    public init(lower: Double?, epsilon: Double, upper: Double) {
        self.lower = lower
        self.epsilon = epsilon
        self.upper = upper
    }
}

/// The accountants by name.
public enum PrivacyAccountantKind: String, Sendable, CaseIterable, Codable {
    /// Rényi differential privacy: fast, takes every event, some 10 % above the others.
    case rdp
    /// Privacy loss distributions: tight, and never below the truth.
    case pld
    /// Privacy random variables: tight, with an estimate and an error on both sides.
    case prv

    /// The accountant with its usual parameters.
    /// For other orders, conversions or errors the accountants have initialisers of their own.
    public var accountant: any PrivacyAccountant {
        switch self {
        case .rdp: RenyiAccountant()
        case .pld: LossDistributionAccountant()
        case .prv: RandomVariableAccountant()
        }
    }

    /// Its name in words.
    public var title: String {
        switch self {
        case .rdp: "Rényi DP"
        case .pld: "privacy loss distribution"
        case .prv: "privacy random variable"
        }
    }
}

/// Refuses a δ that no accountant takes.
/// - Parameter delta: as the user gave it; may be NaN.
/// - Throws: `ConfigurationError` with the range.
func checkDelta(_ delta: Double) throws(ConfigurationError) {
    guard delta > 0, delta < 1 else {
        throw ConfigurationError("delta is \(delta); it must be above 0 and below 1")
    }
}
