import Aggregation
import Datasets
import Devices
import FedCore
import Records
import Strategies

/// What every rank knows of a run's edges: which clients are whose, what an edge does with their updates, and its link to
/// the cloud. Follows from the settings, so that nobody tells it to anybody.
///
/// An edge does `turns` rounds with its clients in each round of the run: L. Liu et al., *Client-Edge-Cloud Hierarchical
/// Federated Learning*, ICC 2020, arXiv:1905.06641, algorithm 1, with κ₂ = `turns`. With one turn an edge passes the exact
/// sum of its clients' updates on, so that the run has the bits of one without edges. With more it averages, and what comes
/// up is the change of its model, of the weight of its clients' samples.
struct EdgeTerms: Sendable {
    /// Number of edges.
    let count: Int
    /// Rounds of an edge with its clients in a round of the run.
    let turns: Int
    /// The rule by which an edge makes one update of its clients', as it is at the beginning of each round.
    let rule: any RobustAggregation
    /// Norms of refused updates, as a multiple of the median; nil for no limit.
    let normLimit: Double?
    /// Losses of refused updates, as a multiple of the loss before; nil where none is measured.
    let lossLimit: Double?
    /// The training samples that losses are measured on; empty where none are.
    private(set) var samples: [UInt32] = []
    /// The simulated link between each edge and the cloud.
    let link: Link
    /// Bytes of a round that go down to one edge.
    private let frameBytes: Int
    /// Bytes of the sum that comes up from one edge.
    private let sumBytes: Int

    /// Takes the terms from the settings, and checks that everything in the run goes with edges.
    /// - Parameters:
    ///   - settings: say how many edges there are, and what they do.
    ///   - strategy: says what clients send.
    ///   - vectors: lengths of everything that crosses, states of stages included.
    ///   - plugins: the rules and wires to choose from.
    /// - Returns: nil in a run without edges.
    /// - Throws: `ConfigurationError` when something in the run does not go with edges.
    init?(
        _ settings: RunSettings, _ strategy: any Strategy, _ vectors: JobVectors, _ plugins: Plugins
    ) throws(ConfigurationError) {
        guard settings.edges > 0 else { return nil }
        (count, turns) = (settings.edges, settings.cloudEvery)
        rule = try plugins.aggregations.named(settings.edgeAggregation, settings.edgeAggregationOptions)
        (normLimit, lossLimit) = (settings.edgeNormLimit, settings.edgeLossLimit)
        link = Link(megabitsPerSecond: settings.edgeMbps, latencyMilliseconds: settings.edgeLatencyMs)
        frameBytes = RoundFrame.byteCount(cohortCapacity: settings.cohortSize, parameterCount: vectors.down)
        sumBytes =
            (vectors.shape.wordCount([ScaledSum.Levels](repeating: .none, count: vectors.shape.scaled.count)) + 2) * 8
        try check(settings, strategy, vectors, plugins)
    }

    /// The edge of a client.
    func edge(of client: Int) -> Int { client % count }

    /// The clients of a cohort by edge; edges without any are left out. Ascending.
    func groups(of cohort: some Sequence<Int>) -> [[Int]] {
        var groups = [[Int]](repeating: [], count: count)
        for client in cohort { groups[edge(of: client)].append(client) }
        return groups.filter { !$0.isEmpty }
    }

    /// Clients of a list that are one behind another and of one edge.
    func runs(of clients: [Int]) -> [ArraySlice<Int>] {
        var runs: [ArraySlice<Int>] = []
        var start = 0
        for end in clients.indices.map({ $0 + 1 })
        where end == clients.count || edge(of: clients[end]) != edge(of: clients[start]) {
            runs.append(clients[start..<end])
            start = end
        }
        return runs
    }

    /// The address of an edge's turn in a round: the number of attempts goes on, so that clients draw further numbers in
    /// each turn.
    func turn(_ turn: Int, of round: RoundID) -> RoundID {
        RoundID(round.number, attempt: round.attempt * turns + turn)
    }

    /// Bytes that cross between the cloud and the edges of a cohort in a round, both ways.
    func bytesToCloud(_ cohort: [Int]) -> Int {
        groups(of: cohort).reduce(0) { $0 + frameBytes + sumBytes + $1.count * UpdateSlot.envelopeBytes }
    }

    /// Simulated seconds of an edge's messages from the cloud and to it.
    func secondsToCloud(clients: Int) -> Double {
        link.seconds(bytes: frameBytes) + link.seconds(bytes: sumBytes + clients * UpdateSlot.envelopeBytes)
    }

    /// Takes the samples that losses are measured on away from the clients. All edges have the same ones, so that it does not
    /// show in a result which rank serves which edge.
    /// - Parameters:
    ///   - partition: the clients' samples.
    ///   - seed: seed of the run.
    /// - Returns: what the clients have left.
    /// - Throws: `ConfigurationError` when there are too few.
    mutating func reserve(from partition: Partition, seed: UInt64, _ settings: RunSettings) throws(ConfigurationError)
        -> Partition
    {
        guard lossLimit != nil else { return partition }
        guard settings.edgeSamples < partition.sampleCount else {
            throw ConfigurationError(
                "--edge-samples is \(settings.edgeSamples), and the clients have \(partition.sampleCount) samples in all"
            )
        }
        let (rest, reserved) = partition.reserving(settings.edgeSamples, seed: seed)
        samples = reserved
        return rest
    }

    /// Whether the updates of an edge's clients are kept until its turn is over.
    func keepsUpdates(under attack: (any Attack)?) -> Bool {
        rule.needsEachUpdate || normLimit != nil || lossLimit != nil || attack?.collusion != nil
    }

    // MARK: What does not go with edges

    /// Refuses what does not go with edges at all.
    /// | refused | because |
    /// |---|---|
    /// | asynchronous strategies | no round has turns |
    /// | split training | an edge has no part of a model |
    /// | `--topology` | edges are the groups |
    /// | `--compress-down` | an edge's weights are not those that the cloud's change is of |
    /// | states of clients | they are the server's, and cross between it and the ranks that train |
    /// | deadlines in real time | the cloud's clock says nothing of a turn |
    /// | updates kept offline | an edge's turn is over when its devices are back |
    /// - Throws: `ConfigurationError` that says why, and where there is one, the way out.
    private func check(
        _ settings: RunSettings, _ strategy: any Strategy, _ vectors: JobVectors, _ plugins: Plugins
    ) throws(ConfigurationError) {
        func refuse(_ what: String, _ why: String) -> ConfigurationError {
            ConfigurationError("\(what) does not go with --edges: \(why)")
        }
        if strategy.asynchronous != nil {
            throw refuse("strategy '\(settings.strategy)'", "its server waits for no round, and edges have rounds")
        }
        if settings.serverPart != nil { throw refuse("split training", "clients train whole models under an edge") }
        if settings.topology != .flat {
            throw refuse("--topology \(settings.topology)", "edges are the groups, and add updates up")
        }
        if settings.compressDown != nil {
            throw refuse("--compress-down", "clients get the weights from their edge, which has others than the cloud")
        }
        if settings.offlineUpdates > 0 {
            throw refuse("--offline-updates", "an edge's turn is over when its devices are back; leave it out")
        }
        if settings.fleet != nil, turns > 1, settings.dropProb > 0 || settings.stragglerProb > 0 {
            throw refuse(
                "--fleet with --drop-prob or --straggler-prob",
                "a device's course is planned for all turns of a round at once; use --cloud-every 1")
        }
        let simulation = settings.simulation
        if settings.roundDeadline != nil, !simulation.isVirtual {
            throw refuse(
                "--round-deadline", "edges keep it in simulated time alone; give --device-speed or --bandwidth-mbps")
        }
        if simulation.isReal, !link.isIdeal {
            throw refuse(
                "--real-delays", "the links of edges are simulated in virtual time; leave it out, or --edge-mbps")
        }
        if vectors.state > 0 {
            let isOfStages = vectors.state == vectors.stageStates.reduce(0) { $0 + $1.count }
            throw refuse(
                isOfStages ? "error feedback of --compress" : "strategy '\(settings.strategy)'",
                "a state is kept for each client at the server, and edges do not carry it"
                    + (isOfStages ? "; give --error-feedback false" : ""))
        }
        try checkTurns(settings, strategy, vectors, refuse)
        try checkRules(settings, vectors, plugins, refuse)
    }

    /// Refuses strategies whose updates an edge could not average: those that send more than the change of the weights, or
    /// not the change itself. Passing sums on is possible with any.
    /// - Throws: `ConfigurationError`; also where turns are more than attempts have addresses for.
    private func checkTurns(
        _ settings: RunSettings, _ strategy: any Strategy, _ vectors: JobVectors,
        _ refuse: (String, String) -> ConfigurationError
    ) throws(ConfigurationError) {
        guard settings.roundRetries < RoundID.largestAttempt / turns else {
            throw refuse(
                "--round-retries \(settings.roundRetries)", "with --cloud-every \(turns) there are too many turns")
        }
        let isPlain =
            strategy.traffic == StrategyTraffic() && strategy.sendsChange && vectors.personal.isEmpty
            && !(strategy is any SubmodelStrategy)
        let looks = normLimit != nil || lossLimit != nil || settings.attack != nil
        let passesSumsOn = turns == 1 && !rule.needsEachUpdate && !looks
        guard isPlain || passesSumsOn else {
            throw refuse(
                "strategy '\(settings.strategy)'",
                "an edge that averages or looks at updates knows of weights alone; use --cloud-every 1 and the mean without "
                    + "limits or attackers, or another strategy")
        }
    }

    /// Refuses two robust rules, of which the second would judge what the first has made; rules that edges cannot carry out,
    /// because they remember something or train an update of their own; rules whose promise needs more updates than an edge
    /// has clients; and wires that leave edges nothing to look at.
    /// - Throws: `ConfigurationError`.
    private func checkRules(
        _ settings: RunSettings, _ vectors: JobVectors, _ plugins: Plugins,
        _ refuse: (String, String) -> ConfigurationError
    ) throws(ConfigurationError) {
        let isRobustAbove = try plugins.aggregations.named(settings.aggregation, settings.aggregationOptions)
            .needsEachUpdate
        if rule.needsEachUpdate, isRobustAbove {
            throw ConfigurationError(
                "--edge-aggregation \(settings.edgeAggregation) and --aggregation \(settings.aggregation): a robust rule is for "
                    + "the edges or for the cloud, not for both, where the second would judge what the first has made")
        }
        if isRobustAbove, vectors.shape.isScaled {
            throw refuse(
                "--aggregation \(settings.aggregation) with strategy '\(settings.strategy)'",
                "edges scale their means by powers of two of their own, which no rule can compare")
        }
        if rule.rootSamples > 0 || !rule.serverState.isEmpty {
            throw refuse(
                "--edge-aggregation \(settings.edgeAggregation)",
                "edges remember nothing from round to round and train nothing themselves; use it as --aggregation")
        }
        if settings.clientFraction == 1 {
            try rule.validate(updates: settings.clients / count)
        }
        let wire = try plugins.wires.entry(named: settings.wire)
        if rule.needsEachUpdate || normLimit != nil || lossLimit != nil, !wire.deliversEachUpdate {
            throw ConfigurationError(
                "edges have to see every update for --edge-aggregation, --edge-norm-limit and --edge-loss-limit, and --wire "
                    + "\(settings.wire) adds them up; use \(plugins.wires.options { $0.deliversEachUpdate })")
        }
    }
}
