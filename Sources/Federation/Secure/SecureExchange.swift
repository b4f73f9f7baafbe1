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
/// Whatever that exchange survives, this one does: a lost rank's clients are made again elsewhere, from the letters to them; who is late, or
/// does not answer, has dropped out. A round that comes to no sum is repeated by whoever repeats rounds, with new keys. Other
/// tasks than training pass through.
///
/// K. Bonawitz et al., *Practical Secure Aggregation for Privacy-Preserving Machine Learning*, CCS 2017; J. Bell et al., *Secure
/// Single-Server Aggregation with (Poly)Logarithmic Overhead*, CCS 2020.
final class SecureExchange: Exchange {
    private let job: Job
    private let terms: SecureTerms
    private let inner: any Exchange
    private let timeline: Timeline
    /// Tells this run's rounds from all others', those before a resume included.
    private let nonce: [UInt8]
    /// What the last round's phases were.
    private var phases = SecureReport()

    /// Goes over an exchange.
    /// - Returns: that exchange, in a run without secure aggregation.
    static func over(_ inner: any Exchange, _ job: Job, _ timeline: Timeline) -> any Exchange {
        job.secure.map { SecureExchange(job, $0, over: inner, timeline) } ?? inner
    }

    private init(_ job: Job, _ terms: SecureTerms, over inner: any Exchange, _ timeline: Timeline) {
        (self.job, self.terms, self.inner, self.timeline) = (job, terms, inner, timeline)
        let drawn = SecretBytes.random(count: SecureLetter.nonceBytes)
        nonce = drawn.span.indices.map { drawn.span[$0] }
    }

    var trainsElsewhere: Bool { inner.trainsElsewhere }
    var hasLostRanks: Bool { inner.hasLostRanks }
    var serverState: [UInt8] { inner.serverState }

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
        let attempt = SecureAttempt(cohort, nonce: nonce, into: tally)
        phases = SecureReport()
        do {
            attempt.begin(try terms.round(round, clients: cohort.count, nonce: nonce))
            phases.parameters = attempt.parameters
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
            try ask(.unmask, .unmasking, try attempt.endInput(least: job.settings.minClients))
            let start = ContinuousClock.now
            timeline.enter(.aggregate)
            try attempt.finish(job.securePass(round))
            phases.unmaskingSeconds = (ContinuousClock.now - start).seconds
        } catch let error as SecureAggregationError {
            attempt.refuse(error)
        }
    }
}
