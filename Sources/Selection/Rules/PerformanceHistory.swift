public import FedCore

/// Selection by past results: the clients whose rounds lowered the server's loss most, and some others to keep
/// exploring.
///
/// A round's gain g is the fall of the server's loss from its start to the next round's, relative to its start
/// and within −1 … 1. Each of its participants is credited with what it was better than usual: sᵢ ← (1 − β)sᵢ +
/// β(g − b), and then b ← (1 − β)b + βg; b starts as the first gain, sᵢ as 0. So a client that has not been
/// tried ranks above those whose rounds were worse than usual, and that gains decline in the course of a run
/// harms nobody. Rounds between two evaluations count as one, with their mean gain. A cohort is those with the
/// highest scores, equals in an order drawn at random, except for a share ε that is drawn uniformly from the
/// rest.
///
/// This estimator is this project's own. It credits a round to all of its participants alike, so it needs
/// rounds to tell them apart: about clients / cohort to see each once.
public struct PerformanceHistory: SelectionRule {
    public static let name = "history"
    public static let summary =
        "the clients whose rounds lowered the server's loss most; rate (0.3), explore=share of others (0.2)"

    /// β in (0, 1], the weight of the latest round; option `rate`.
    public var rate = 0.3
    /// ε in [0, 1], the share of a cohort that explores; 1 is uniform selection.
    public var explore = 0.2

    /// Score sᵢ of each client, in [−2, 2]; a client that is not there has 0.
    private var scores: [Int: Double] = [:]
    /// Usual gain b, in [−1, 1]; nil before the first gain.
    private var usualGain: Double?
    /// Loss of the last evaluation, before the rounds that are not credited yet.
    private var lastLoss: Double?
    /// Number of those rounds.
    private var uncreditedRounds = 0
    /// Clients that took part in those rounds.
    private var uncredited: Set<Int> = []

    public init() {}

    /// Reads options `rate` and `explore`.
    ///
    /// - Throws: `ConfigurationError` when one is out of range.
    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        rate = try options.number("rate", default: rate, "above 0, at most 1") { $0 > 0 && $0 <= 1 }
        explore = try options.number("explore", default: explore, "from 0 to 1") { $0 >= 0 && $0 <= 1 }
    }

    /// Chooses the cohort. O(clients · log clients).
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        let clients = federation.candidates
        precondition(size >= 1 && size <= clients.count, "a cohort of \(size) of \(clients.count) clients")
        var random = federation.random(round: round, attempt: attempt)
        let explored = random.rounded(explore * Double(size))
        let ranking = Ranking.descending(clients, &random) { scores[$0] ?? 0 }
        var rest = Array(ranking[(size - explored)...])
        random.shuffle(&rest)
        return (ranking[..<(size - explored)] + rest[..<explored]).sorted()
    }

    /// Credits the rounds before this one, if this round's starting loss is known, and remembers who took part
    /// in it.
    public mutating func learn(_ feedback: RoundFeedback) {
        // First: what the round started from is what the rounds before it came to.
        if let loss = feedback.startingLoss {
            if let lastLoss, uncreditedRounds > 0 { credit(from: lastLoss, to: loss) }
            lastLoss = loss
            uncreditedRounds = 0
            uncredited = []
        }
        uncreditedRounds += 1
        for outcome in feedback.outcomes where outcome.participated { uncredited.insert(outcome.client) }
    }

    /// Credits the fall of the loss from `start` to `end` to all who took part in between. A starting loss of 0
    /// leaves nothing to gain.
    private mutating func credit(from start: Double, to end: Double) {
        guard start > 0 else { return }
        let gain = min(max((start - end) / start, -1), 1) / Double(uncreditedRounds)
        let advantage = gain - (usualGain ?? gain)
        // In any order: each client's score is its own.
        for client in uncredited { scores[client, default: 0] += rate * (advantage - scores[client, default: 0]) }
        usualGain = (usualGain ?? gain) + rate * (gain - (usualGain ?? gain))
    }

    public var serverState: [UInt8] {
        var writer = StateWriter()
        writer.write(scores) { score, writer in writer.write(score) }
        writer.write(usualGain)
        writer.write(lastLoss)
        writer.write(uncreditedRounds)
        writer.write(Dictionary(uniqueKeysWithValues: uncredited.map { ($0, ()) })) { _, _ in }
        return writer.bytes
    }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        var reader = StateReader(state, of: "selection '\(Self.name)'")
        let scores = try reader.table { (reader) throws(ConfigurationError) in try reader.number(in: -2...2) }
        let usualGain = try reader.optional(in: -1...1)
        let lastLoss = try reader.optional(in: StateReader.finite)
        let uncreditedRounds = try reader.integer(in: 0...Int(UInt32.max))
        let uncredited = try reader.table { (_) throws(ConfigurationError) in }
        try reader.finish()
        (self.scores, self.usualGain, self.lastLoss) = (scores, usualGain, lastLoss)
        (self.uncreditedRounds, self.uncredited) = (uncreditedRounds, Set(uncredited.keys))
    }
}
