import FedCore
import Privacy

/// One figure by each accountant: an ε, a noise multiplier, or a number of rounds.
struct PrivacyFigures {
    /// By Rényi divergences, with today's conversion.
    let rdp: Double
    /// The same with the classic conversion.
    let rdpClassic: Double
    /// By privacy loss distributions; nil where these take no such event.
    let pld: Double?
    /// By privacy random variables, with its bounds; nil as `pld`.
    let prv: EpsilonBounds?

    /// Asks every accountant.
    /// - Parameters:
    ///   - plan: which accountants take it.
    ///   - figure: an accountant's answer.
    init(
        _ plan: PrivacyPlan, _ figure: (any PrivacyAccountant) throws(ConfigurationError) -> EpsilonBounds
    ) throws(ConfigurationError) {
        rdp = try figure(RenyiAccountant()).upper
        rdpClassic = try figure(RenyiAccountant(conversion: .classic)).upper
        pld = plan.takes(.pld) ? try figure(LossDistributionAccountant()).upper : nil
        prv = plan.takes(.prv) ? try figure(RandomVariableAccountant()) : nil
    }

    /// The figure that a budget is held against.
    func of(_ kind: PrivacyAccountantKind) -> Double? {
        switch kind {
        case .rdp: rdp
        case .pld: pld
        case .prv: prv?.upper
        }
    }

    /// By name, for JSON.
    var byName: [String: Double] {
        var names = ["rdp": rdp, "rdp_classic": rdpClassic]
        names["pld"] = pld
        names["prv"] = prv?.epsilon
        names["prv_upper"] = prv?.upper
        names["prv_lower"] = prv?.lower
        return names
    }

    /// In the order of the tables, `prv`'s upper bound as its figure.
    var inOrder: [Double?] { [rdpClassic, rdp, prv?.upper, pld] }

    /// Titles of ``inOrder``.
    static let titles = ["rdp, classic", "rdp", "prv, upper", "pld"]
}
