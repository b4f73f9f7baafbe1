import FedCore
import Records
import Runtime

/// The exchange of a hierarchy without MPI: one process is the cloud, every edge, and all of their clients, one edge after
/// the other.
final class EdgeExchange: Exchange {
    private let job: Job
    private let edges: EdgeTerms
    private let aggregator: EdgeAggregator
    /// What comes of one edge.
    private var sum: UpdateSum
    /// False: the server's own work is not hidden behind anything.
    let trainsElsewhere = false
    /// False: there is no other rank to lose.
    let hasLostRanks = false

    /// Takes the exchange by which edges reach their clients.
    /// - Parameters:
    ///   - job: the run.
    ///   - edges: what edges do, and whose clients are whose.
    ///   - exchange: trains clients; the edges share it, one after the other.
    ///   - timeline: the process's phases.
    /// - Throws: an error of oneDNN.
    init(_ job: Job, _ edges: EdgeTerms, through exchange: any Exchange, _ timeline: Timeline) throws {
        (self.job, self.edges) = (job, edges)
        aggregator = try EdgeAggregator(job, edges, through: exchange, timeline)
        sum = job.terms.emptySum()
    }

    /// Does each edge's part of a round, and hands its sum over as it would cross. Other tasks are the clients' alone.
    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: DownMessage, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) throws -> Void
    ) throws {
        guard task == .training else {
            return try aggregator.exchange.run(
                task, round: round, cohort: cohort, down: down, into: tally, besideTraining: besideTraining,
                progressed: progressed)
        }
        var before = 0
        for clients in edges.groups(of: cohort) {
            sum.reset()
            let reports = try aggregator.run(clients, round, down: down, into: &sum) { try progressed(before + $0) }
            before += job.turns * job.trainedSamples(by: clients)
            hand(reports, round, to: tally)
        }
    }

    /// Hands an edge's sum to the cloud's tally. O(parameters).
    private func hand(_ reports: [EdgeAggregator.Report], _ round: RoundID, to tally: any AnswerReceiver) {
        var partial = PartialSum(job.terms.shape, sum.levels)
        var words = [Int64](repeating: 0, count: partial.wordCount)
        var span = words.mutableSpan
        partial.write(sum, to: &span)
        let envelopes = reports.map { report in
            var envelope = UpdateSlot.Envelope(
                client: report.client, round: round, result: report.result, payloadBytes: report.bytes)
            envelope.codec = .summed
            return (client: report.client, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>.success(envelope))
        }
        guard tally.judge(partial, envelopes, bytes: words.count * 8) else { return }
        tally.add(words.span, from: 0, of: partial)
        tally.endSum()
    }

    /// Does nothing: there are no workers, as for the two functions below.
    func heartbeat() {}

    func stop() {}

    func dismiss() {}
}
