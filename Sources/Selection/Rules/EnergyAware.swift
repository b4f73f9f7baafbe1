public import FedCore

/// Selection by utility per joule, of devices that can spare it: ``Oort`` with what a turn costs.
///
/// - Of the clients that can be asked, those with a charge of at least ``reserve`` are candidates; if they are too few for a
///   cohort, the fullest ones.
/// - Oort's utility of each, and the size of those that have not taken part yet, are multiplied by (m/j)^β: j are the joules
///   that a turn of this client would take now, by its class, its radio and its samples, m the least over the candidates.
///   A turn over a cellular radio costs its tail, so that one at home is preferred.
///
/// Utility and battery as one reward: A. Arouj, A. M. Abdelmoniem, *Towards Energy-Aware Federated Learning on
/// Battery-Powered Clients* (EAFL), 2022, arXiv:2208.04505; here the battery is a condition and the energy a price.
public struct EnergyAware: SelectionRule {
    public static let name = "energy-aware"
    public static let summary =
        "Oort's utility per joule, of devices with charge to spare; needs --fleet; beta=weight of joules (1), "
        + "reserve=charge (0.5), and Oort's options"

    /// β in [0, 10], the weight of the joules.
    public var beta = 1.0
    /// Charge in [0, 1] from which on a device is a candidate.
    public var reserve = 0.5
    /// What is known of the clients' data.
    private var oort = Oort()

    public init() {}

    /// Reads two options, and those of ``Oort``.
    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        beta = try options.number("beta", default: beta, "from 0 to 10") { (0...10).contains($0) }
        reserve = try options.number("reserve", default: reserve, "from 0 to 1") { (0...1).contains($0) }
        try oort.read(&options)
    }

    /// Refuses a run whose clients have no batteries.
    public func validate(size: Int, federation: FederationView) throws(ConfigurationError) {
        try federation.checkBatteries(of: Self.name)
    }

    /// Draws the cohort. O(clients · log clients).
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        let clients = federation.candidates
        precondition(size >= 1 && size <= clients.count, "a cohort of \(size) of \(clients.count) clients")
        guard let charge = federation.charge, let joules = federation.joules else {
            return oort.cohort(size: size, round: round, attempt: attempt, federation: federation)
        }
        var random = federation.random(round: round, attempt: attempt)
        var able = clients.filter { charge[$0] >= reserve }
        if able.count < size {
            able = Ranking.descending(clients, &random) { charge[$0] }.prefix(size).sorted()
        }
        let least = able.map { joules[$0] }.min() ?? 0
        let view = federation.among(able, charge: charge, joules: joules)
        return oort.cohort(size: size, round: round, attempt: attempt, federation: view) { client in
            // Not below a ten-thousandth, so that no client is out of reach.
            guard joules[client] > least, beta > 0 else { return 1 }
            return PortableMath.exp(beta * PortableMath.log(max(least / joules[client], 1e-4)))
        }
    }

    /// True: it ranks clients by their losses.
    public var usesClientReports: Bool { true }

    /// What Oort learns: losses, samples and seconds; what a turn costs is known beforehand.
    public mutating func learn(_ feedback: RoundFeedback) { oort.learn(feedback) }

    /// Oort's.
    public var serverState: [UInt8] { oort.serverState }

    /// As Oort takes it back.
    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        try oort.restoreServerState(state)
    }
}
