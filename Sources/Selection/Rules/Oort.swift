public import FedCore

/// The clients of the highest utility, statistical and of their speed, and others to explore.
///
/// With K the cohort's size and R the round:
///
/// - The statistical utility of a client is |B|·√(Σ loss²/|B|) over the samples B of its last round. Only the mean loss
///   is known here, so it is |B| · mean loss: the same when all samples have one loss, else too small (by Jensen's
///   inequality).
/// - Utilities are clipped at their 95th percentile and divided by it, and gain √(0.1 ln R / L), L the client's last
///   round: who has not been asked for long comes back. The division, which the pseudocode does not have, brings both
///   terms to one scale; the authors' program scales utilities to their range for that.
/// - Where a client's last round took t > T simulated seconds, the sum is multiplied by (T/t)^α. T is a percentile of
///   the known durations, as in the authors' program; it starts at ``pace``. The pacer compares the utility that the
///   last two windows of ``window`` rounds have gathered, and moves T up by ``pace`` when the later has less. Without
///   simulated time there is no such term.
/// - (1 − ε)K are drawn, by utility without replacement, from those with at least ``cutOff`` of the (1 − ε)K-th highest
///   utility; εK (rounded at random) from the clients that have not taken part yet, by size, as their speed is not
///   known. Where either has too few, the other fills up. ε starts at ``explore`` and shrinks to ``exploreAtLeast``.
///
/// Left out: the removal of clients that were picked in many rounds, which would leave a federation of tens of clients
/// empty.
///
/// F. Lai, X. Zhu, H. V. Madhyastha, M. Chowdhury, *Oort: Efficient Federated Learning via Guided Participant
/// Selection*, OSDI 2021, algorithm 1, arXiv:2010.06081.
public struct Oort: SelectionRule {
    public static let name = "oort"
    public static let summary =
        "the clients of the highest utility, loss and speed, and some to explore; explore (0.9), explore-decay (0.98), "
        + "explore-min (0.2), alpha (2), cut-off (0.95), pace=percent (20), window=rounds (20)"

    /// ε of the first round, in [0, 1].
    public var explore = 0.9
    /// What ε is multiplied by after each round, in [0, 1].
    public var exploreDecay = 0.98
    /// What ε does not fall below, in [0, 1].
    public var exploreAtLeast = 0.2
    /// α in [0, 100]; 0 leaves the speed out.
    public var alpha = 2.0
    /// c in [0, 1]; 0 draws from all explored clients.
    public var cutOff = 0.95
    /// Δ in (0, 100], in percent of the clients whose duration is known.
    public var pace = 20.0
    /// W ≥ 1, in rounds.
    public var window = 20

    struct Record: Equatable, Sendable {
        /// Statistical, before clipping: in `utilities`.
        var utility: Double
        /// When it last took part, ≥ 1.
        var round: Int
        /// Simulated, ≥ 0.
        var seconds: Double?
    }

    static let utilities = 0...1e30
    private var explored: [Int: Record] = [:]
    private var pacer = OortPacer()

    public init() {}

    public mutating func read(_ options: inout OptionReader) throws(ConfigurationError) {
        explore = try options.number("explore", default: explore, "from 0 to 1") { (0...1).contains($0) }
        exploreDecay = try options.number("explore-decay", default: exploreDecay, "from 0 to 1") {
            (0...1).contains($0)
        }
        exploreAtLeast = try options.number("explore-min", default: min(exploreAtLeast, explore), "from 0 to explore") {
            [explore] in (0...explore).contains($0)
        }
        alpha = try options.number("alpha", default: alpha, "from 0 to 100") { (0...100).contains($0) }
        cutOff = try options.number("cut-off", default: cutOff, "from 0 to 1") { (0...1).contains($0) }
        pace = try options.number("pace", default: pace, "above 0, at most 100") { $0 > 0 && $0 <= 100 }
        window = try options.integer("window", default: window, "from 1 to 1,000,000") { (1...1_000_000).contains($0) }
    }

    /// O(clients · log clients).
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        let clients = federation.clients
        precondition(size >= 1 && size <= clients, "a cohort of \(size) of \(clients) clients")
        var random = federation.random(round: round, attempt: attempt)
        let known = (0..<clients).filter { explored[$0] != nil }
        let unknown = (0..<clients).filter { explored[$0] == nil }
        let wish = random.rounded(exploration(round: round) * Double(size))
        let count = min(max(size - wish, size - unknown.count), known.count)
        var newcomers = WeightedDraw(unknown.map { UInt64(federation.samples[$0]) })
        return
            (exploited(count, of: known, round: round, &random)
            + newcomers.next(size - count, &random).map { unknown[$0] }).sorted()
    }

    /// ε of a round.
    func exploration(round: Int) -> Double {
        var share = explore
        for _ in 1..<round {
            let next = max(share * exploreDecay, exploreAtLeast)
            if next == share { break }
            share = next
        }
        return share
    }

    private func exploited(_ count: Int, of known: [Int], round: Int, _ random: inout RandomStream) -> [Int] {
        guard count > 0 else { return [] }
        let utilities = utilities(of: known, round: round)
        let least = cutOff * utilities.sorted(by: >)[count - 1]
        let admitted = known.indices.filter { utilities[$0] >= least }
        var draw = WeightedDraw(proportionalTo: admitted.map { utilities[$0] })
        return draw.next(count, &random).map { known[admitted[$0]] }
    }

    /// Utilities of explored clients, with the terms of their speed and of their last round.
    func utilities(of clients: [Int], round: Int) -> [Double] {
        let records = clients.compactMap { explored[$0] }
        let clip = records.map(\.utility).percentile(95) ?? 0
        let preferred = records.compactMap(\.seconds).percentile(pacer.percent(pace: pace))
        let doubt = 0.1 * PortableMath.log(Double(round))
        return records.map { record in
            let statistical = clip > 0 ? min(record.utility, clip) / clip : 0
            let sum = statistical + (doubt / Double(record.round)).squareRoot()
            guard let seconds = record.seconds, let preferred, preferred < seconds, alpha > 0 else { return sum }
            let ratio = preferred / seconds
            return ratio.isNormal ? sum * PortableMath.exp(alpha * PortableMath.log(ratio)) : 0
        }
    }

    public mutating func learn(_ feedback: RoundFeedback) {
        var gathered = 0.0
        for outcome in feedback.outcomes {
            if outcome.participated {
                let known = explored[outcome.client]
                let utility = outcome.loss.map { Double(outcome.samples) * $0 } ?? known?.utility ?? 0
                let record = Record(
                    utility: min(max(utility, Self.utilities.lowerBound), Self.utilities.upperBound),
                    round: feedback.round, seconds: outcome.seconds ?? known?.seconds)
                explored[outcome.client] = record
                gathered += record.utility
            } else if let seconds = outcome.seconds {
                // Too late for the round: not explored by it, but not as fast as was thought.
                explored[outcome.client]?.seconds = seconds
            }
        }
        pacer.learn(utility: gathered, window: window)
    }

    public var serverState: [UInt8] {
        var writer = StateWriter()
        writer.write(explored) { record, writer in
            writer.write(record.utility)
            writer.write(record.round)
            writer.write(record.seconds)
        }
        pacer.write(to: &writer)
        return writer.bytes
    }

    public mutating func restoreServerState(_ state: [UInt8]) throws(ConfigurationError) {
        var reader = StateReader(state, of: Self.name)
        let explored = try reader.table { (reader) throws(ConfigurationError) in
            Record(
                utility: try reader.number(in: Self.utilities), round: try reader.integer(in: 1...Int(UInt32.max)),
                seconds: try reader.optional(in: 0...Double.greatestFiniteMagnitude))
        }
        let pacer = try OortPacer(&reader)
        try reader.finish()
        (self.explored, self.pacer) = (explored, pacer)
    }
}

extension [Double] {
    /// The number that so many percent of them are below, the largest at 100; nil when there are none.
    fileprivate func percentile(_ percent: Double) -> Double? {
        guard let last = indices.last else { return nil }
        return sorted()[Swift.min(Int(Double(count) * percent / 100), last)]
    }
}
