import FedCore
import Privacy
import Records

/// The server's half of differential privacy: noise, the clip where it adapts, and what has been spent.
///
/// A checkpoint keeps noise multiplier, clip, the key's fingerprint and clients' ledgers, and no noise. ε follows from the rounds; a resumed run must have the noise
/// multiplier that the rounds before have had.
struct ServerPrivacy: StatefulPart, Measuring {
    /// Clip, lattice and noise of the run.
    private let terms: PrivacyTerms
    /// The δ for which ε is told.
    private let delta: Double
    /// Draws what is added to sums.
    private var noise: ServerNoise
    /// What clients that add noise themselves have released; empty with noise of the server.
    private(set) var ledgers: ClientLedgers
    /// What the key is known by.
    private let key: UInt64
    /// The clip of the next round.
    private(set) var clip: Double
    /// The clip of the last round.
    private var lastClip: Double
    /// ε after the last round, and after one more.
    private var spent = (round: 0, epsilon: 0.0, next: 0.0)

    /// The privacy of a run, before its first round.
    init(_ terms: PrivacyTerms, _ settings: RunSettings, _ key: NoiseKey) {
        self.terms = terms
        delta = settings.delta
        ledgers = ClientLedgers(relation: terms.account.relation)
        noise = ServerNoise(terms, key)
        self.key = key.fingerprint
        clip = settings.clip
        lastClip = clip
    }

    /// Counts the rounds up to this one. Milliseconds.
    /// - Parameter asked: the clients that were asked, once for each attempt at the round.
    mutating func count(_ round: Int, asked: [Int]) throws(ConfigurationError) {
        if terms.account.isByClient { return try count(asked) }
        func epsilon(_ rounds: Int) throws(ConfigurationError) -> Double {
            try terms.account.epsilon(terms.noise, delta: delta, rounds: rounds)
        }
        let now = round == spent.round + 1 && round > 1 ? spent.next : try epsilon(round)
        spent = (round, now, try epsilon(round + 1))
    }

    /// Charges clients that add noise themselves, whether or not their update came. The run's ε is the largest of any client.
    private mutating func count(_ asked: [Int]) throws(ConfigurationError) {
        for client in asked { try ledgers.append(terms.account.turn(terms.noise), client: client) }
        let now = try ledgers.epsilons(delta: delta, by: terms.account.accountant).values.map(\.upper).max() ?? 0
        var next = ledgers
        for client in ledgers.clients { try next.append(terms.account.turn(terms.noise), client: client) }
        spent = (0, now, try next.epsilons(delta: delta, by: terms.account.accountant).values.map(\.upper).max() ?? 0)
    }

    /// ε of each client that adds noise itself.
    func clientEpsilons() throws(ConfigurationError) -> [Int: Double] {
        try ledgers.epsilons(delta: delta, by: terms.account.accountant).mapValues(\.upper)
    }

    /// Adds a round's noise to its sum. O(floats).
    mutating func addNoise(to sum: inout UpdateSum, _ round: RoundID) {
        noise.add(to: &sum, round, terms.account.adaptive == nil ? terms.lattice : terms.lattice(clip: clip))
    }

    /// What the sum is divided by: the number of clients that come on average.
    var divisor: Double { terms.expected }

    /// Learns from a round's mean: a clip that adapts moves.
    /// - Parameter mean: of the updates, and behind them of ±½ for each below or above the clip.
    mutating func learn(_ mean: Span<Float>) {
        lastClip = clip
        guard let adaptive = terms.account.adaptive else { return }
        clip = adaptive.next(clip, share: Double(mean[terms.account.floats]) + 0.5)
    }

    /// Numbers that come up beside an update: how it stands to a clip that adapts.
    static func extraNumbers(_ settings: RunSettings) -> Int {
        settings.privacy == .central && settings.clipping == .adaptive ? 1 : 0
    }

    // MARK: Measuring

    /// The metrics of a run with these terms.
    /// | name | of |
    /// |---|---|
    /// | `epsilon` | ε at `--delta` after the round |
    /// | `epsilon_next` | what another round would make of it, for `--epsilon` |
    /// | `clip` | the clip of the round, where it adapts |
    static func metrics(_ terms: PrivacyTerms) -> [Metric] {
        [.epsilon, .epsilonNext] + (terms.account.adaptive == nil ? [] : [.clip])
    }

    var metrics: [Metric] { Self.metrics(terms) }

    var measurements: [String: Double] {
        var values = [Metric.epsilon.name: spent.epsilon, Metric.epsilonNext.name: spent.next]
        if terms.account.adaptive != nil { values[Metric.clip.name] = lastClip }
        return values
    }

    // MARK: State

    var serverState: [UInt8] {
        var writer = StateWriter()
        writer.write(terms.noise)
        writer.write(clip)
        writer.write(key)
        return writer.bytes + (terms.account.isByClient ? ledgers.bytes : [])
    }

    mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        let ownBytes = 24
        let isByClient = terms.account.isByClient
        var reader = StateReader(isByClient ? Array(state.prefix(ownBytes)) : state, of: "differential privacy")
        let noise = try reader.number(in: PrivacyEvent.noiseRange)
        let clip = try reader.number(in: 0x1p-12...0x1p10)
        let key = try reader.word()
        try reader.finish()
        try PrivacyTerms.checkSame(noise: noise, terms.noise)
        if isByClient {
            let ledgers = try ClientLedgers(bytes: Array(state.dropFirst(ownBytes)))
            guard ledgers.relation == terms.account.relation else { throw reader.refusal }
            self.ledgers = ledgers
        }
        guard key == self.key || isByClient || terms.account.mechanism == .independent else {
            throw ConfigurationError(
                "the noise of --privacy ftrl hangs together over the rounds, and the key of those so far is not at hand: such a run "
                    + "goes on with its --noise-key file alone")
        }
        self.clip = clip
    }
}

extension Metric {
    /// The L2 norm that a round's updates were clipped to, where it adapts.
    static let clip = Metric("clip", title: "clip", decimals: 4, group: "privacy")
}
