import Aggregation
import Devices
import FedCore
import Records
import SecureAggregation
import Selection

extension Job {
    /// What masks protect in one line, for the run's beginning; nil without secure aggregation.
    package var secureLine: String? {
        guard let secure else { return nil }
        let share = { (value: Double) in NumberText.fixed(100 * value, 0) + " %" }
        let groups = edges.map { "each of \($0.count) edges sees" } ?? "the server sees"
        let parameters = edges == nil ? try? secure.parameters(clients: settings.cohortSize) : nil
        return "\(groups) sums alone"
            + (parameters.map { ", \($0.degree) neighbours, threshold \($0.threshold)" } ?? "")
            + " (\(share(settings.assumedDropout)) may leave, \(share(settings.assumedCorrupt)) tell it all they know), "
            + (settings.secureBits.map { "values of \($0) bits" } ?? "exact to the bit")
            + (secure.narrow is LatticeVector ? ", exact to the bit" : "")
            + "; one operator of all ranks could look at updates before they are masked"
    }

    /// Refuses what secure aggregation would hide from whoever has to see it, and what would tell the server of single clients beside
    /// their sum.
    /// | refused | because |
    /// |---|---|
    /// | rules that see each update, colluders | the server sees the sum alone |
    /// | strategies and selections that look at clients' reports | samples, steps and losses are summed, too |
    /// | what clients keep, other than on their devices | states cross the server in clear |
    /// | encodings of each update by itself | masked words are as long as any |
    /// | `--client-test` | it tells of each client |
    /// | partial updates by the wall clock | a client that is made again must send the same vector |
    /// - Throws: `ConfigurationError` that says why, and the way out.
    func checkSecureAggregation() throws(ConfigurationError) {
        guard secure != nil else { return }
        let hasPlaces = compression?.codec.hasSharedPlaces ?? true
        let isRounded = settings.secureBits != nil
        let isByClock = settings.roundDeadline != nil && !settings.simulation.isVirtual
        let refused: [(Bool, String, String)] = [
            (
                strategy.asynchronous != nil, "strategy '\(settings.strategy)'",
                "masks cancel in the sum of a round, and it has none; use one with rounds"
            ),
            (
                strategy.usesClientReports || submodels != nil || scores != nil, "strategy '\(settings.strategy)'",
                "its server needs what each client reports, and sees sums alone; use fedavg, fedprox, fedavgm, fedadam"
            ),
            (
                vectors.shape.isScaled, "strategy '\(settings.strategy)'",
                "it scales each update by a power of two, which would be seen; use fedavg"
            ),
            (
                vectors.state > 0,
                settings.compress == nil ? "strategy '\(settings.strategy)'" : "error feedback",
                "what a client keeps between rounds crosses the server in this simulation, unmasked"
                    + (settings.compress == nil ? "" : "; give --error-feedback false")
            ),
            (
                keepsUpdates && edges == nil,
                settings.attack.map { "--attack \($0)" } ?? "--aggregation \(settings.aggregation)",
                "it has to see each update; use mean, or --edges, whose sums it can see"
            ),
            (
                edges.map { $0.rule.needsEachUpdate || $0.normLimit != nil || $0.lossLimit != nil } ?? false,
                "--edge-aggregation \(settings.edgeAggregation), --edge-norm-limit and --edge-loss-limit",
                "an edge would have to see each update; use mean at the edges, and a rule at the cloud"
            ),
            (
                edges.map { $0.turns > 1 } ?? false, "--cloud-every \(settings.cloudEvery)",
                "an edge weighs several rounds by its clients' samples, of which it sees the sum of each round alone; use 1"
            ),
            (
                selection.usesClientReports, "--selection \(settings.selection)",
                "it looks at clients' losses, which are summed; use uniform, round-robin, poisson or cyclic"
            ),
            (
                isRounded && !wire.deliversEachUpdate, "--secure-bits and --wire \(settings.wire)",
                "ranks' sums are of words of 64 bits; use gatherv"
            ),
            (
                isRounded && edges != nil, "--secure-bits and --edges",
                "edges would each have ranges of their own; leave one out"
            ),
            (
                isRounded && (settings.privacy == .central || settings.privacy == .ftrl),
                "--secure-bits and --privacy \(settings.privacy?.rawValue ?? "")",
                "the server's noise is for updates within their clip, and rounding at random takes them past it; use distributed, "
                    + "whose lattice is made for it, local or dp-sgd"
            ),
            (settings.clientTest > 0, "--client-test", "each client's accuracy would be told"),
            (
                settings.offlineUpdates > 0, "--offline-updates",
                "an update that comes rounds later has no masks in common with those of its round"
            ),
            (
                !hasPlaces, "--compress \(settings.compress ?? "")",
                "each update is encoded by itself, and masked words are as long as any; use randk, whose places are all "
                    + "clients' (with --error-feedback false)"
            ),
            (
                isByClock && settings.latePolicy != .drop, "--round-deadline in real time",
                "a client that has to be trained again would send another vector under the same masks; give --late-policy drop"
            ),
        ]
        if let (_, what, why) = refused.first(where: \.0) {
            throw ConfigurationError("--secure-aggregation does not go with \(what): \(why)")
        }
    }
}
