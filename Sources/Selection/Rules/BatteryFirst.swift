public import FedCore

/// Selection of devices with full batteries: at random among the fuller half of those that can be asked.
///
/// Needs a fleet with batteries (`--fleet`); a device on the mains is full. The half is never smaller than the cohort.
/// Half is enough to spare those that are low, and leaves the other half to chance, so that everybody who charges now and then takes part.
public struct BatteryFirst: SelectionRule {
    public static let name = "battery-first"
    public static let summary = "at random among the half with the fuller batteries; needs --fleet"

    public init() {}

    /// Refuses a run whose clients have no batteries.
    public func validate(size: Int, federation: FederationView) throws(ConfigurationError) {
        try federation.checkBatteries(of: Self.name)
    }

    /// Draws the cohort. O(clients · log clients).
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        let clients = federation.candidates
        precondition(size >= 1 && size <= clients.count, "a cohort of \(size) of \(clients.count) clients")
        var random = federation.random(round: round, attempt: attempt)
        let charge = federation.charge ?? []
        let order = Ranking.descending(clients, &random) { charge.isEmpty ? 0 : charge[$0] }
        var half = Array(order.prefix(max(size, (clients.count + 1) / 2)))
        random.shuffle(&half)
        return half.prefix(size).sorted()
    }
}

extension FederationView {
    /// Refuses clients without batteries.
    /// - Parameter rule: name of the selection rule.
    func checkBatteries(of rule: String) throws(ConfigurationError) {
        guard hasBatteries else {
            throw ConfigurationError(
                "selection '\(rule)' looks at batteries, which only a simulated fleet has: give --fleet")
        }
    }
}
