import Aggregation
import FedCore
import Records
import Runtime

/// The work of an edge in a round: its turns with its clients, whom an exchange of its own reaches, and the sum that goes up
/// to the cloud. One in each process that aggregates for edges; it serves one edge after the other and remembers nothing in
/// between.
///
/// ```
/// w ← the cloud's weights
/// for each turn                    Exchange.run                (ranks under the edge, or this process)
///     Δₖ of its clients            EdgeScreen                  (left out: norm, loss, NaN)
///     w ← w + Σ nₖΔₖ / Σ nₖ        RoundTally                  (any RobustAggregation)
/// up: Σ nₖ · (w − the cloud's), of weight Σ nₖ; with one turn, and the mean, the exact Σ nₖΔₖ
/// ```
final class EdgeAggregator {
    private let job: Job
    private let edges: EdgeTerms
    /// The way to the clients.
    let exchange: any Exchange
    /// The updates of a turn.
    private let tally: RoundTally
    /// What edges look at before they count an update; nil where they take all.
    private let screen: EdgeScreen?

    /// What an edge says of a client: the last turn in which its update counted, or what became of it otherwise.
    typealias Report = (client: Int, result: LocalResult, bytes: Int)

    /// Takes the way to the clients, under masks where there are some: each edge masks for itself.
    /// - Throws: an error of oneDNN when the model cannot be compiled.
    init(_ job: Job, _ edges: EdgeTerms, through exchange: any Exchange, _ timeline: Timeline) throws {
        (self.job, self.edges) = (job, edges)
        self.exchange = try SecureExchange.over(exchange, job, timeline)
        tally = RoundTally(job.terms, keepsUpdates: edges.keepsUpdates(under: job.attack), reject: { _, _ in })
        screen = try EdgeScreen(job, edges)
    }

    /// Does one edge's part of a round.
    /// - Parameters:
    ///   - clients: the edge's clients of the cohort, ascending.
    ///   - round: the round and the attempt of the run.
    ///   - down: the cloud's weights, and what goes beside them.
    ///   - sum: what comes of the edge is added to it; to nothing else.
    ///   - progressed: called a few times a second, and after each turn, with the samples trained so far.
    /// - Returns: a report of each client, in the order of `clients`.
    /// - Throws: what the exchange throws.
    func run(
        _ clients: [Int], _ round: RoundID, down: DownMessage, into sum: inout UpdateSum,
        progressed: (Int) throws -> Void
    ) throws -> [Report] {
        var reports = Reports(clients)
        var model = down
        let samples = job.trainedSamples(by: clients)
        for turn in 0..<edges.turns {
            tally.reset()
            let message = model
            try exchange.run(
                .training, round: edges.turn(turn, of: round), cohort: clients, down: message, into: tally,
                besideTraining: { _ in },
                progressed: { try progressed(turn * samples + min($0, samples)) })
            // Short work may have been done between two looks.
            try progressed((turn + 1) * samples)
            try screen?.judge(tally, from: message.weights) {
                try progressed((turn + 1) * samples)
                try exchange.heartbeat()
            }
            guard edges.turns > 1 || edges.rule.needsEachUpdate else {
                reports.add(tally)
                let clients = tally.takeSum(under: job.attack, by: job.attackers)
                reports.take(refusal { () throws(ExactSum.Refusal) in try sum.add(clients) })
                continue
            }
            guard let mean = tally.mean(by: edges.rule, under: job.attack, by: job.attackers) else {
                tally.leaveOutAll(as: .tooFew)
                reports.add(tally)
                continue
            }
            reports.add(tally)
            if edges.turns == 1 {
                reports.take(add(mean, of: reports, to: &sum))
            } else {
                model.move(along: mean)
            }
        }
        if edges.turns > 1 {
            reports.take(add(zip(model.weights, down.weights).map { $0 - $1 }, of: reports, to: &sum))
        }
        return reports.all(delayedBy: edges.secondsToCloud(clients: clients.count), isSummed: edges.turns > 1)
    }

    /// Adds the edge's own update, with the weight of its clients' samples.
    /// - Returns: why it could not be added; nil when it was, or when nobody has taken part.
    private func add(_ update: [Float], of reports: Reports, to sum: inout UpdateSum) -> UpdateStatus? {
        let weight = reports.counted.reduce(0) { $0 + job.terms.weight($1.samples) }
        guard weight > 0 else { return nil }
        return refusal { () throws(ExactSum.Refusal) in try sum.add(update.span, weight: weight) }
    }

    /// The status of what cannot be added; nil when it was.
    private func refusal(_ add: () throws(ExactSum.Refusal) -> Void) -> UpdateStatus? {
        do throws(ExactSum.Refusal) {
            try add()
            return nil
        } catch {
            return UpdateStatus(error)
        }
    }
}

/// What an edge says of its clients, gathered over its turns.
private struct Reports {
    private let clients: [Int]
    /// The last result of each that counted.
    private var results: [Int: LocalResult] = [:]
    /// What became of those that have not counted yet.
    private var leftOut: [Int: UpdateStatus] = [:]
    /// Bytes of each client's answers.
    private var bytes: [Int: Int] = [:]
    /// Simulated seconds of the turns.
    private var seconds = 0.0

    init(_ clients: [Int]) { self.clients = clients }

    /// The results that count.
    var counted: some Collection<LocalResult> { results.values.lazy.filter(\.status.hasUpdate) }

    /// Adds a turn. A client that counted in one turn counts, with its samples then; steps add up.
    mutating func add(_ tally: RoundTally) {
        for (client, result) in tally.results {
            var result = result
            result.steps += results[client]?.steps ?? 0
            results[client] = result
        }
        // Under masks nobody knows whose is what: it stands in the report of the first.
        if let totals = tally.totals, let first = tally.results.map(\.client).min() {
            results[first]?.take(totals)
        }
        for (client, status) in tally.leftOut { leftOut[client] = status }
        for (client, count) in tally.uploads { bytes[client, default: 0] += count }
        // What came up as sums is nobody's alone.
        let shared = tally.uploadBytes - tally.uploads.reduce(0) { $0 + $1.bytes }
        if shared > 0, let first = clients.first { bytes[first, default: 0] += shared }
        seconds += tally.simulatedSeconds
    }

    /// Takes back what counted, because the edge's update cannot be added.
    mutating func take(_ status: UpdateStatus?) {
        guard let status else { return }
        for client in results.keys { results[client]?.status = status }
    }

    /// The reports.
    /// - Parameters:
    ///   - delay: simulated seconds of the messages between edge and cloud.
    ///   - isSummed: whether a client is as slow as its edge, which has had several turns; otherwise as itself.
    func all(delayedBy delay: Double, isSummed: Bool) -> [EdgeAggregator.Report] {
        clients.map { client in
            var result = results[client] ?? LocalResult()
            if results[client] == nil { result.status = leftOut[client] ?? .dropped }
            if isSummed || results[client] == nil { result.simulatedSeconds = seconds }
            if result.simulatedSeconds > 0 || delay > 0 { result.simulatedSeconds += delay }
            return (client, result, bytes[client] ?? 0)
        }
    }
}

extension UpdateStatus {
    /// The status of an update that cannot be added.
    init(_ refusal: ExactSum.Refusal) {
        self = refusal == .overflow ? .tooLarge : .notFinite
    }
}
