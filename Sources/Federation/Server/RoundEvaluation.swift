import Aggregation
import Datasets
import FedCore
import NeuralNet
import Records
import Runtime

/// The evaluation of finished rounds, on the server's test set and by the clients, and the run's early end, which
/// follows from it.
///
/// At most one round is *pending*: finished, but its record not yet complete. Where other ranks train it is evaluated
/// while the next round trains, so that the test set costs no time; only if the accuracy decides whether there is a
/// next round (``isUrgent``) does the server evaluate first. ``RoundLoop`` drives it: ``add(_:)``,
/// ``askClients(through:_:_:)``, ``finish(_:_:)``.
final class RoundEvaluation {
    private let job: Job
    /// Runs the model on the test set; nil where only client ranks of another program can.
    private let evaluator: Evaluator?
    /// Tests the models of the widths that clients have; nil where all have the global one.
    private let widths: WidthEvaluation?
    /// Indices of all samples of the test set.
    private let testSamples: [UInt32]
    private let stopping: StoppingRule
    private let timeline: Timeline
    /// Record of the last round that is complete; nil before the first.
    private(set) var complete: RoundRecord?
    /// Record of the finished round whose evaluation is still to come; nil when none is.
    private(set) var pending: RoundRecord?
    /// The best accuracy so far, and the evaluations since it.
    private(set) var progress = AccuracyProgress()
    /// Reason why the run ends before its last round, as a clause for the user; nil while it does not end early.
    private(set) var earlyEnd: String?

    /// Compiles the evaluator; a resumed run takes up its pending record, if it was saved before its evaluation.
    /// - Parameter state: the state to continue from; nil at the beginning.
    /// - Throws: an error of oneDNN when the model cannot be compiled.
    init(_ job: Job, resuming state: RunState?, _ timeline: Timeline) throws {
        self.job = job
        self.timeline = timeline
        stopping = StoppingRule(job.settings)
        testSamples = (0..<UInt32(job.data.test.count)).map { $0 }
        evaluator =
            job.model.isExternal ? nil : try Evaluator(job.model, job.data.test, threads: job.settings.threads)
        widths = try job.submodels.map { try WidthEvaluation(job, $0) }
        guard let state else { return }
        complete = state.isEvaluated ? state.last : nil
        pending = state.isEvaluated ? nil : state.last
        progress = state.progress
        noteEnd()
    }

    /// Record of the last finished round, complete or pending.
    var last: RoundRecord? { pending ?? complete }

    /// Whether it ends because another round would pass `--epsilon`.
    var isBudgetSpent: Bool { earlyEnd != nil && last.map { stopping.isBudgetSpent(after: $0) } ?? false }

    /// Whether the next round depends on this one's evaluation, as with `--target-accuracy` and `--patience`.
    var isUrgent: Bool { stopping.needsAccuracy }

    /// Test loss of the weights that a round started from, in nats; nil when the round before was not evaluated. It is
    /// known at the round's end, because the round before is evaluated while this one trains.
    func startingLoss(of round: Int) -> Double? {
        complete.flatMap { $0.round == round - 1 ? $0.serverLoss : nil }
    }

    /// Takes in a finished round; a budget of bytes may end the run here.
    func add(_ record: RoundRecord) {
        pending = record
        noteEnd()
    }

    /// Has the clients try the pending round's weights on the samples they hold out (`--client-test`), if it is a round
    /// to evaluate. Runs one exchange of the task `evaluation` over all clients that hold something out, not only the
    /// cohort, and adds the result to the pending record.
    /// - Parameters:
    ///   - exchange: reaches the clients.
    ///   - model: gives the new weights as they go down.
    ///   - rejections: told of answers that cannot be used.
    /// - Returns: each client's accuracy; nil when nobody was asked, or nobody answered.
    func askClients(
        through exchange: any Exchange, _ model: ServerModel, _ rejections: Rejections
    ) throws -> ClientAccuracies? {
        guard var record = pending, record.clients == nil, record.serverAccuracy == nil, isToEvaluate(record) else {
            return nil
        }
        let clients = job.testingClients
        guard !clients.isEmpty else { return nil }
        let down = model.prepareDown()
        rejections.round = record.round
        let tally = EvaluationTally(
            job.evaluationVector, asked: clients.count, held: { [job] in job.clientTest.count(of: $0) },
            reject: { rejections.add($0, because: $1) })
        try exchange.run(
            .evaluation, round: .evaluation(after: record.round), cohort: clients, down: DownMessage(down), into: tally,
            besideTraining: { _ in }, progressed: { _ in })
        rejections.tell()
        guard evaluator != nil || job.scores != nil else {
            note(tally.whole, in: &record)
            pending = record
            return nil
        }
        let found = tally.summary(
            round: record.round, isGlobal: job.evaluatesGlobal, tellsClassesApart: job.hasClasses)
        guard let found else { return nil }
        record.clients = found.evaluation
        job.scores?.note(found.table, in: &record)
        pending = record
        return found.table
    }

    /// Evaluates the pending round's weights on the test set, if it is a round to evaluate, and completes its record.
    ///
    /// A model that has parameters of the clients' own has no server accuracy: no rank holds a whole global model.
    /// - Parameters:
    ///   - weights: global weights after the round, in the canonical order.
    ///   - heartbeat: called before and after each batch.
    /// - Returns: the complete record; nil when no round is pending.
    /// - Complexity: One forward pass over the test set; with a trigger attack nearly another.
    func finish(_ weights: [Float], _ heartbeat: () throws -> Void) throws -> RoundRecord? {
        guard var record = pending else { return nil }
        if let evaluator, isToEvaluate(record), job.strategy.personalization != .parameters {
            timeline.enter(.evaluate)
            timeline.note(samples: job.data.test.count)
            let samples = testSamples
            let evaluation = try evaluator.evaluate(weights.span, on: samples.span, heartbeat: heartbeat)
            note(evaluation, in: &record)
            try widths?.evaluate(weights.span, into: &record, on: samples.span, heartbeat)
            record[.attackSuccess] = try attackSuccess(evaluator, weights, heartbeat)
        }
        pending = nil
        complete = record
        progress.note(record)
        noteEnd()
        return record
    }

    /// Puts what was found on the test set into a record.
    /// - Parameter evaluation: nil when the whole test set was not seen.
    private func note(_ evaluation: Evaluation?, in record: inout RoundRecord) {
        guard let evaluation else { return }
        // Weights that have diverged have no loss.
        record.serverLoss = evaluation.loss.isFinite ? evaluation.loss : nil
        record.serverAccuracy = evaluation.accuracy
        if job.hasClasses { record.serverClassAccuracies = evaluation.confusion.classAccuracies }
        for (metric, value) in evaluation.measured { record[metric] = value }
    }

    /// Whether no round follows a finished one.
    func isLast(_ record: RoundRecord) -> Bool { record.round == job.settings.rounds || earlyEnd != nil }

    /// Whether a round is evaluated: every `--eval-every` rounds, and the last one.
    func isToEvaluate(_ record: RoundRecord) -> Bool {
        record.round % job.settings.evalEvery == 0 || isLast(record)
    }

    /// Asks the stopping rule about the last finished round; the first reason stays.
    private func noteEnd() {
        guard earlyEnd == nil else { return }
        earlyEnd = stopping.reason(after: last, isComplete: pending == nil, progress)
    }

    /// The success rate of a backdoor attack: the share of the test samples of other classes that are classified as the
    /// attackers' target once its trigger is stamped on them, in [0, 1].
    /// - Returns: nil when no attack of the run plants a trigger, or all samples are of the target class.
    private func attackSuccess(
        _ evaluator: Evaluator, _ weights: [Float], _ heartbeat: () throws -> Void
    ) throws -> Double? {
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
