import FedCore
import Records

/// What a client sends of its evaluation: for each model it has looked at, the summed loss, then the confusion matrix.
struct EvaluationVector: Sendable, Equatable {
    let classes: Int
    /// The global model, unless part of it is the clients' own; then each client's own, if there are such.
    let models: Int

    var floatsOfModel: Int { 1 + classes * classes }
    var floats: Int { models * floatsOfModel }

    /// Counts are exact up to 2²⁴ samples.
    func write(_ evaluation: Evaluation, model: Int, into slot: inout MutableSpan<Float>) {
        let start = model * floatsOfModel
        slot[start] = Float(evaluation.loss * Double(evaluation.confusion.samples))
        for (i, count) in evaluation.confusion.counts.enumerated() { slot[start + 1 + i] = Float(count) }
    }

    /// Nil when these are no counts of so many samples. The loss may be any number.
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

/// What has come in of an evaluation by the clients.
final class EvaluationTally: AnswerReceiver {
    private let vector: EvaluationVector
    private let held: (_ client: Int) -> Int
    private let rejection: (_ client: Int, _ reason: String) -> Void
    private let asked: Int
    /// One evaluation a model.
    private var results: [(client: Int, models: [Evaluation])] = []

    /// - Parameters:
    ///   - asked: clients.
    ///   - held: the samples that a client has held out.
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

    var participants: Int { results.count }

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
    func drop(_ clients: Int) {}
    func giveUp(_ clients: Int) {}

    /// Nil when nobody answered.
    /// - Parameter isGlobal: of each model, whether it is the global one.
    func summary(round: Int, isGlobal: [Bool]) -> (evaluation: ClientEvaluation, table: ClientAccuracies)? {
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
            model.map { model in
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
