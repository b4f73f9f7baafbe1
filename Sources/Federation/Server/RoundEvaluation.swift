import Aggregation
import Datasets
import FedCore
import Records
import Runtime

/// The rounds' evaluation: of the one that is finished and still to be evaluated, on the test set and by the clients, and what
/// follows from it, the run's early end.
///
/// Where other ranks train, a round is evaluated while the next one trains, unless the accuracy says whether there is a next.
final class RoundEvaluation {
    private let job: Job
    private let evaluator: Evaluator
    private let testSamples: [UInt32]
    private let stopping: StoppingRule
    private let timeline: Timeline
    /// Record of the last round that is complete.
    private(set) var complete: RoundRecord?
    /// Record of the finished round whose evaluation is to come.
    private(set) var pending: RoundRecord?
    private(set) var progress = AccuracyProgress()
    /// Why the run ends before its last round; nil while it does not.
    private(set) var earlyEnd: String?

    /// - Parameter state: to continue from.
    init(_ job: Job, resuming state: RunState?, _ timeline: Timeline) throws {
        self.job = job
        self.timeline = timeline
        stopping = StoppingRule(job.settings)
        testSamples = (0..<UInt32(job.data.test.count)).map { $0 }
        evaluator = try Evaluator(job.model, job.data.test, threads: job.settings.threads)
        guard let state else { return }
        complete = state.isEvaluated ? state.last : nil
        pending = state.isEvaluated ? nil : state.last
        progress = state.progress
        noteEnd()
    }

    /// Record of the last finished round.
    var last: RoundRecord? { pending ?? complete }

    /// Whether the next round depends on this one's evaluation.
    var isUrgent: Bool { stopping.needsAccuracy }

    /// Loss on the test set that a round started from, if that is known: the round before was evaluated while it trained.
    func startingLoss(of round: Int) -> Double? {
        complete.flatMap { $0.round == round - 1 ? $0.serverLoss : nil }
    }

    /// Takes in a finished round.
    func add(_ record: RoundRecord) {
        pending = record
        noteEnd()
    }

    /// Has the clients try the pending round's weights on what they hold out, if it is a round to evaluate.
    /// - Returns: each client's part of it; nil when nobody was asked, or answered.
    func askClients(
        through exchange: any Exchange, _ model: ServerModel, _ rejections: Rejections
    ) throws -> ClientAccuracies? {
        guard var record = pending, record.clients == nil, isToEvaluate(record) else { return nil }
        let clients = job.testingClients
        guard !clients.isEmpty else { return nil }
        let down = model.prepareDown()
        rejections.round = record.round
        let tally = EvaluationTally(
            job.evaluationVector, asked: clients.count, held: { [job] in job.clientTest.count(of: $0) },
            reject: { rejections.add($0, because: $1) })
        try exchange.run(
            .evaluation, round: .evaluation(after: record.round), cohort: clients, down: down.span, into: tally,
            besideTraining: { _ in }, progressed: { _ in })
        rejections.tell()
        guard let found = tally.summary(round: record.round, isGlobal: job.evaluatesGlobal) else { return nil }
        record.clients = found.evaluation
        pending = record
        return found.table
    }

    /// Evaluates the pending round's weights, if it is a round to evaluate.
    /// - Returns: its record, complete; nil when no round is pending.
    func finish(_ weights: [Float], _ heartbeat: () throws -> Void) throws -> RoundRecord? {
        guard var record = pending else { return nil }
        if isToEvaluate(record), job.strategy.personalization != .parameters {
            timeline.enter(.evaluate)
            timeline.note(samples: job.data.test.count)
            let samples = testSamples
            let evaluation = try evaluator.evaluate(weights.span, on: samples.span, heartbeat: heartbeat)
            // Weights that have diverged have no loss.
            record.serverLoss = evaluation.loss.isFinite ? evaluation.loss : nil
            record.serverAccuracy = evaluation.accuracy
            record.serverClassAccuracies = evaluation.confusion.classAccuracies
            record[.attackSuccess] = try attackSuccess(weights, heartbeat)
        }
        pending = nil
        complete = record
        progress.note(record)
        noteEnd()
        return record
    }

    /// Whether no round follows a finished one.
    func isLast(_ record: RoundRecord) -> Bool { record.round == job.settings.rounds || earlyEnd != nil }

    private func isToEvaluate(_ record: RoundRecord) -> Bool {
        record.round % job.settings.evalEvery == 0 || isLast(record)
    }

    private func noteEnd() {
        guard earlyEnd == nil else { return }
        earlyEnd = stopping.reason(after: last, isComplete: pending == nil, progress)
    }

    /// Share of the test samples of other classes that, with the trigger of an attack on them, are taken for the attackers'
    /// class; nil when no attack plants a trigger.
    private func attackSuccess(_ weights: [Float], _ heartbeat: () throws -> Void) throws -> Double? {
        guard let attack = job.attack?.trigger else { return nil }
        let test = job.data.test
        let samples = testSamples.filter { Int(test.label(Int($0))) != attack.target }
        guard !samples.isEmpty else { return nil }
        let (size, height, width) = (test.shape.count, test.shape.height, test.shape.width)
        let evaluation = try evaluator.evaluate(
            weights.span, on: samples.span,
            prepare: { images, labels in
                for i in 0..<labels.count {
                    var image = images.part(i * size..<(i + 1) * size)
                    attack.stamp(&image, height: height, width: width)
                }
            }, heartbeat: heartbeat)
        let confusion = evaluation.confusion
        let hits = (0..<confusion.classes).reduce(0) { $0 + confusion.count(of: $1, takenFor: attack.target) }
        return Double(hits) / Double(samples.count)
    }
}
