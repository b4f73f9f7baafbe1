import FedCore
import Records

/// The layout of a client's answer to an evaluation: for each model it has tested, 1 + classes² floats, the summed loss
/// and then the confusion matrix, a row for each true class. No sample leaves the client (docs/WIRE.md).
struct EvaluationVector: Sendable, Equatable {
    /// Rows and columns of the matrix.
    let classes: Int
    /// Models in a vector: the global one, unless part of it is the clients' own; then each client's own, if there are
    /// such.
    let models: Int

    /// Floats that one model takes.
    var floatsOfModel: Int { 1 + classes * classes }
    /// Floats of the whole vector.
    var floats: Int { models * floatsOfModel }

    /// Writes one model's evaluation. Counts are exact up to 2²⁴ samples, where Float32 ends being exact.
    /// - Parameters:
    ///   - evaluation: loss and counts.
    ///   - model: place among the models, from 0.
    ///   - slot: `[floats]`.
    func write(_ evaluation: Evaluation, model: Int, into slot: inout MutableSpan<Float>) {
        let start = model * floatsOfModel
        slot[start] = Float(evaluation.loss * Double(evaluation.confusion.samples))
        for (i, count) in evaluation.confusion.counts.enumerated() { slot[start + 1 + i] = Float(count) }
    }

    /// Reads one model's evaluation from a message that is not trusted.
    /// - Parameters:
    ///   - model: place among the models, from 0.
    ///   - samples: samples that the client holds out, which the counts must add up to.
    ///   - slot: `[floats]`.
    /// - Returns: nil when the counts are not whole, negative, or of another number of samples. The loss may be any
    ///   number.
    func read(model: Int, samples: Int, from slot: Span<Float>) -> Evaluation? {
        let start = model * floatsOfModel
        let loss = Double(slot[start])
        var counts: [Int] = []
        counts.reserveCapacity(classes * classes)
        for i in 0..<classes * classes {
            guard let count = Int(exactly: slot[start + 1 + i]), count >= 0, count <= samples else { return nil }
            counts.append(count)
        }
        guard counts.reduce(0, +) == samples, samples > 0 else { return nil }
        return Evaluation(
            loss: loss / Double(samples), confusion: ConfusionMatrix(classes: classes, counts: counts))
    }
}

/// What has come in of an evaluation by the clients. Made for one exchange; its sums are taken in the order of clients,
/// so that the order of arrival shows nowhere.
final class EvaluationTally: AnswerReceiver {
    private let vector: EvaluationVector
    /// Samples that a client holds out.
    private let held: (_ client: Int) -> Int
    private let rejection: (_ client: Int, _ reason: String) -> Void
    private let asked: Int
    /// One evaluation for each model, by client, in the order of arrival.
    private var results: [(client: Int, models: [Evaluation])] = []

    /// Makes an empty tally.
    /// - Parameters:
    ///   - vector: layout of the answers.
    ///   - asked: number of clients asked.
    ///   - held: samples that a client holds out.
    ///   - reject: told of each answer that is left out.
    init(
        _ vector: EvaluationVector, asked: Int, held: @escaping (_ client: Int) -> Int,
        reject: @escaping (_ client: Int, _ reason: String) -> Void
    ) {
        self.vector = vector
        self.asked = asked
        self.held = held
        rejection = reject
    }

    /// Clients whose answer counts.
    var participants: Int { results.count }

    /// Takes in a client's answer. One that is damaged, has impossible counts, or a loss that is NaN or infinite is
    /// left out.
    func receive(
        _ client: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ slot: Span<Float>,
        state: Span<Float>, bytes: Int
    ) {
        do {
            _ = try envelope.get()
            var models: [Evaluation] = []
            for model in 0..<vector.models {
                guard let evaluation = vector.read(model: model, samples: held(client), from: slot) else {
                    throw UpdateSlot.Defect.badEvaluation
                }
                guard evaluation.loss.isFinite else { throw UpdateSlot.Defect.lossNotFinite(evaluation.loss) }
                models.append(evaluation)
            }
            results.append((client, models))
        } catch {
            rejection(client, error.line)
        }
    }

    // What is missing at the end is missing, whatever the reason.
    /// Does nothing: a client that is missing at the end is missing, whatever the reason.
    func drop(_ clients: Int) {}
    func markLate(_ clients: Int) {}

    /// The evaluation of the first model over all samples that were asked for: sums in the order of clients.
    /// - Returns: nil when an answer is missing, because what is left is another test set.
    var whole: Evaluation? {
        guard results.count == asked else { return nil }
        results.sort { $0.client < $1.client }
        var confusion = ConfusionMatrix(classes: vector.classes)
        var loss = 0.0
        for result in results {
            confusion.add(result.models[0].confusion)
            loss += result.models[0].loss * Double(result.models[0].confusion.samples)
        }
        return Evaluation(loss: loss / Double(max(confusion.samples, 1)), confusion: confusion)
    }

    /// Sums up the answers: spread of the accuracies over clients, loss weighted by samples, confusion matrices.
    /// - Parameters:
    ///   - round: round whose weights were tested.
    ///   - isGlobal: for each model, whether it is the global one.
    ///   - tellsClassesApart: whether the matrices do, and not only right from wrong; there are none in the result
    ///     otherwise.
    /// - Returns: the round's entry and a table with a row for each client; nil when nobody answered.
    /// - Complexity: O(clients · (log clients + classes²)).
    func summary(
        round: Int, isGlobal: [Bool], tellsClassesApart: Bool = true
    ) -> (evaluation: ClientEvaluation, table: ClientAccuracies)? {
        guard !results.isEmpty else { return nil }
        results.sort { $0.client < $1.client }
        func spread(_ model: Int?) -> AccuracySpread? {
            model.map { model in
                let samples = results.reduce(0) { $0 + $1.models[model].confusion.samples }
                let loss = results.reduce(0.0) {
                    $0 + $1.models[model].loss * Double($1.models[model].confusion.samples)
                }
                return AccuracySpread(
                    results.compactMap { $0.models[model].accuracy }, loss: loss / Double(max(samples, 1)))
            }
        }
        func confusion(_ model: Int?) -> ConfusionMatrix? {
            guard tellsClassesApart else { return nil }
            return model.map { model in
                var sum = ConfusionMatrix(classes: vector.classes)
                for result in results { sum.add(result.models[model].confusion) }
                return sum
            }
        }
        func rows(_ confusion: ConfusionMatrix?) -> [[Int]]? {
            confusion.map { matrix in
                (0..<matrix.classes).map { row in
                    (0..<matrix.classes).map { matrix.count(of: row, takenFor: $0) }
                }
            }
        }
        let (global, personal) = (isGlobal.firstIndex(of: true), isGlobal.firstIndex(of: false))
        let (globalConfusion, personalConfusion) = (confusion(global), confusion(personal))
        let evaluation = ClientEvaluation(
            clients: results.count, missing: asked - results.count,
            samples: results.reduce(0) { $0 + $1.models[0].confusion.samples },
            global: spread(global), personal: spread(personal),
            classAccuracies: (personalConfusion ?? globalConfusion)?.classAccuracies ?? [])
        let table = ClientAccuracies(
            round: round,
            clients: results.map { result in
                ClientAccuracies.Client(
                    client: result.client, samples: result.models[0].confusion.samples,
                    globalAccuracy: global.flatMap { result.models[$0].accuracy },
                    personalAccuracy: personal.flatMap { result.models[$0].accuracy })
            },
            globalConfusion: rows(globalConfusion), personalConfusion: rows(personalConfusion))
        return (evaluation, table)
    }
}
