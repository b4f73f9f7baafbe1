public import FedCore

/// Selection by utility: the clients whose data teach the most and whose devices are fast, and others to
/// explore.
///
/// With K the cohort's size and R the round:
///
/// - The statistical utility of a client is |B|·√(Σ loss²/|B|) over the samples B of its last round. Only the
///   mean loss is known here, so it is |B| · mean loss: the same when all samples have one loss, else too small
///   (by Jensen's inequality).
/// - Utilities are clipped at their 95th percentile and divided by it, and gain √(0.1 ln R / L), L the client's
///   last round: a client that has not been asked for long comes back. The division, which the pseudocode does
///   not have, brings both terms to one scale; the authors' program scales utilities to their range for that.
/// - Where a client's last round took t > T simulated seconds, the sum is multiplied by (T/t)^α. T is a
///   percentile of the known durations, as in the authors' program; it starts at ``pace``. The pacer compares
///   the utility that the last two windows of ``window`` rounds have gathered, and moves T up by ``pace`` when
///   the later has less. Without simulated time there is no such term.
/// - (1 − ε)K are drawn, by utility without replacement, from those with at least ``cutOff`` of the (1 − ε)K-th
///   highest utility; εK (rounded at random) from the clients that have not taken part yet, by size, as their
///   speed is not known. Where either has too few, the other fills up. ε starts at ``explore`` and shrinks to
///   ``exploreAtLeast``.
///
/// Left out: the removal of clients that were picked in many rounds, which would leave a federation of tens of
/// clients empty.
///
/// F. Lai, X. Zhu, H. V. Madhyastha, M. Chowdhury, *Oort: Efficient Federated Learning via Guided Participant
/// Selection*, OSDI 2021, algorithm 1, arXiv:2010.06081.
public struct Oort: SelectionRule {
    public static let name = "oort"
    public static let summary =
        "the clients of the highest utility, loss and speed, and some to explore; explore (0.9), explore-decay (0.98), "
        + "explore-min (0.2), alpha (2), cut-off (0.95), pace=percent (20), window=rounds (20)"

    /// ε of the first round, the share of the cohort that explores, in [0, 1].
    public var explore = 0.9
    /// Factor of ε from round to round, in [0, 1].
    public var exploreDecay = 0.98
    /// Least ε, in [0, ``explore``].
    public var exploreAtLeast = 0.2
    /// α in [0, 100], the weight of the speed; 0 leaves it out.
    public var alpha = 2.0
    /// c in [0, 1], the share of the least utility among the best that admits others; 0 draws from all explored
    /// clients.
    public var cutOff = 0.95
    /// Δ in (0, 100], the step of the preferred duration, in percent of the clients whose duration is known.
    public var pace = 20.0
    /// W ≥ 1, the length of the pacer's windows, in rounds.
    public var window = 20

    /// Knowledge of a client that has taken part.
    struct Record: Equatable, Sendable {
        /// Statistical utility before clipping, within ``utilities``.
        var utility: Double
        /// Round in which it last took part, ≥ 1.
        var round: Int
        /// Simulated seconds of its last round, ≥ 0; nil when no time is simulated.
        var seconds: Double?
    }

    /// Range in which utilities are kept, so that sums over them stay finite whatever clients claim.
    static let utilities = 0...1e30
    /// Records of the clients that have taken part, by number.
    private var explored: [Int: Record] = [:]
    private var pacer = OortPacer()

    public init() {}

    /// Reads the seven options.
    ///
    /// - Throws: `ConfigurationError` when one is out of range; `explore-min` must not be above `explore`.
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

    /// Draws the cohort. O(clients · log clients).
    public func cohort(size: Int, round: Int, attempt: Int, federation: FederationView) -> [Int] {
        cohort(size: size, round: round, attempt: attempt, federation: federation, factor: nil)
    }

    /// Draws the cohort by utilities, those that have taken part and newcomers alike, times a factor of each client's own.
    func cohort(
        size: Int, round: Int, attempt: Int, federation: FederationView, factor: ((Int) -> Double)?
    ) -> [Int] {
        let clients = federation.candidates
        precondition(size >= 1 && size <= clients.count, "a cohort of \(size) of \(clients.count) clients")
        var random = federation.random(round: round, attempt: attempt)
        let known = clients.filter { explored[$0] != nil }
        let unknown = clients.filter { explored[$0] == nil }
        let wish = random.rounded(exploration(round: round) * Double(size))
        let count = min(max(size - wish, size - unknown.count), known.count)
        var newcomers =
            factor.map { factor in
                WeightedDraw(proportionalTo: unknown.map { Double(federation.samples[$0]) * factor($0) })
            } ?? WeightedDraw(unknown.map { UInt64(federation.samples[$0]) })
        return
            (exploited(count, of: known, round: round, &random, factor)
            + newcomers.next(size - count, &random).map { unknown[$0] }).sorted()
    }

    /// ε of a round. O(round), until the least is reached.
    func exploration(round: Int) -> Double {
        var share = explore
        for _ in 1..<round {
            let next = max(share * exploreDecay, exploreAtLeast)
            if next == share { break }
            share = next
        }
        return share
    }

    /// Draws from the clients that have taken part, by utility.
    private func exploited(
        _ count: Int, of known: [Int], round: Int, _ random: inout RandomStream, _ factor: ((Int) -> Double)?
    ) -> [Int] {
        guard count > 0 else { return [] }
        let utilities = zip(utilities(of: known, round: round), known).map { $0 * (factor?($1) ?? 1) }
        let least = cutOff * utilities.sorted(by: >)[count - 1]
        let admitted = known.indices.filter { utilities[$0] >= least }
        var draw = WeightedDraw(proportionalTo: admitted.map { utilities[$0] })
        return draw.next(count, &random).map { known[admitted[$0]] }
    }

    /// Utilities of explored clients, with the terms of their speed and of their last round.
    ///
    /// - Complexity: O(clients · log clients), for the percentiles.
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

    /// True: it ranks clients by their losses.
    public var usesClientReports: Bool { true }

    /// Takes the results of a round in: utilities and durations of the clients, and the sum for the pacer.
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
        var reader = StateReader(state, of: "selection '\(Self.name)'")
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
    /// The number below which so many percent of them are, the largest at 100; nil when there are none. O(n log
    /// n).
    fileprivate func percentile(_ percent: Double) -> Double? {
        guard let last = indices.last else { return nil }
        return sorted()[Swift.min(Int(Double(count) * percent / 100), last)]
    }
}
