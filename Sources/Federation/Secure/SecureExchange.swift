import Cryptography
import FedCore
import Records
import Runtime
import SecureAggregation

/// Secure aggregation over another exchange: training in four phases, each a task of that exchange, of which the server learns the sum
/// of those who are left, and nothing of anyone.
///
/// ```
/// advertise keys ─► share keys ─► train, masked input ─► unmask ─► the sum, to the tally
/// ```
///
/// | phase | down | up |
/// |---|---|---|
/// | keys | who the client is | two public keys, signed where the server may lie |
/// | shares | its neighbours' keys | shares of its two secrets, sealed for each neighbour |
/// | vector | weights, the shares that are for it | its masked vector |
/// | unmasking | who of its neighbours has sent one | a share of one secret of each neighbour |
///
/// Whatever that exchange survives, this one does: a lost rank's clients are made again elsewhere, from the letters to them; who is late, or
/// does not answer, has dropped out. A round that comes to no sum is repeated by whoever repeats rounds, with new keys. Other
/// tasks than training pass through.
///
/// K. Bonawitz et al., *Practical Secure Aggregation for Privacy-Preserving Machine Learning*, CCS 2017; J. Bell et al., *Secure
/// Single-Server Aggregation with (Poly)Logarithmic Overhead*, CCS 2020.
final class SecureExchange: Exchange {
    private let job: Job
    private let terms: SecureTerms
    /// Carries the phases, and every task that is not masked.
    private let inner: any Exchange
    private let timeline: Timeline
    /// By what the next round's values are rounded; empty where nothing is rounded for its masks.
    private var ranges: [UInt8]
    /// What the last round's phases were.
    private var phases = SecureReport()

    /// Goes over an exchange.
    /// - Parameter state: the state that the run continues from.
    /// - Returns: that exchange, in a run without secure aggregation.
    /// - Throws: `ConfigurationError` when the state is not of this job.
    static func over(
        _ inner: any Exchange, _ job: Job, resuming state: RunState? = nil, _ timeline: Timeline
    ) throws(ConfigurationError) -> any Exchange {
        guard let secure = job.secure else { return inner }
        return try SecureExchange(job, secure, over: inner, resuming: state, timeline)
    }

    private init(
        _ job: Job, _ terms: SecureTerms, over inner: any Exchange, resuming state: RunState?, _ timeline: Timeline
    ) throws(ConfigurationError) {
        (self.job, self.terms, self.inner, self.timeline) = (job, terms, inner, timeline)
        ranges = state?[PartName.inFlight] ?? []
        if ranges.isEmpty { ranges = terms.narrow?.firstRanges ?? [] }
        guard terms.narrow?.accepts(ranges) ?? true else {
            throw ConfigurationError(
                "the checkpoint has no ranges of values that this run's --secure-bits could go on with")
        }
    }

    /// As the other exchange, as the properties and functions below.
    var trainsElsewhere: Bool { inner.trainsElsewhere }
    var hasLostRanks: Bool { inner.hasLostRanks }

    /// The ranges of the next round: a round that comes to a sum has come to its end.
    var serverState: [UInt8] { terms.narrow == nil ? inner.serverState : ranges }

    /// The other exchange's report, and what the phases took.
    var report: ExchangeReport {
        var report = inner.report
        report.secure = phases
        return report
    }

    func heartbeat() throws { try inner.heartbeat() }
    func stop() throws { try inner.stop() }
    func dismiss() throws { try inner.dismiss() }

    /// Has a cohort train, and hands the sum of its updates to the tally; or each client with the reason why there is none.
    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: DownMessage, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) throws -> Void
    ) throws {
        guard task == .training else {
            return try inner.run(
                task, round: round, cohort: cohort, down: down, into: tally, besideTraining: besideTraining,
                progressed: progressed)
        }
        // Tells this sum from all others: of a resumed run, and of the other edges that this process aggregates for in the same round.
        let drawn = SecretBytes.random(count: SecureLetter.nonceBytes)
        let nonce = drawn.span.indices.map { drawn.span[$0] }
        let attempt = SecureAttempt(cohort, nonce: nonce, terms.narrow.map { ($0, ranges) }, into: tally)
        phases = SecureReport()
        do {
            let shared = try terms.round(
                round, clients: cohort.count, nonce: nonce, identities: job.secureIdentities?.keys(of: cohort) ?? [])
            attempt.begin(shared)
            phases.parameters = shared.parameters
            /// One phase: asks, takes in, counts who left.
            func ask(_ task: ClientTask, _ phase: SecureTerms.Phase, _ clients: [Int]) throws {
                let start = ContinuousClock.now
                let letters = attempt.letters(to: clients, for: phase)
                var message = DownMessage(letters: letters, down.terms)
                if phase == .vector {
                    message = down
                    message.letters = letters
                }
                attempt.ask(clients, phase)
                try inner.run(
                    task, round: round, cohort: clients, down: message, into: attempt,
                    besideTraining: phase == .vector ? besideTraining : { _ in },
                    progressed: phase == .vector ? progressed : { _ in })
                phases[phase] = attempt.end(phase, seconds: (ContinuousClock.now - start).seconds)
            }
            try ask(.advertiseKeys, .keys, cohort)
            try ask(.shareKeys, .shares, try attempt.endAdvertising())
            try ask(.training, .vector, try attempt.endSharing())
            try ask(.unmask, .unmasking, try attempt.endInput(least: job.edges == nil ? job.settings.minClients : 2))
            let start = ContinuousClock.now
            timeline.enter(.unmask)
            ranges = try attempt.finish(job.securePass(round))
            phases.unmaskingSeconds = (ContinuousClock.now - start).seconds
        } catch let error as SecureAggregationError {
            attempt.refuse(error, phases)
        }
    }
}
