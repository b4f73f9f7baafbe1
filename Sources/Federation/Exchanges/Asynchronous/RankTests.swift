import FedCore
import MPI
import Runtime

/// The parts of the test set of one evaluation in an asynchronous run, whose model only the client ranks can run: who
/// tests which, until all have answered. Turns go on meanwhile.
final class RankTests {
    /// Number and attempt of the evaluation.
    let round: RoundID
    /// How an answer lies in a message.
    let format: AnswerFormat
    /// The parts that nobody tests yet, or nobody any longer.
    private(set) var waiting: [Int]
    /// The parts under way, by worker.
    private var underWay: [Int: [Int]] = [:]
    private let tally: any AnswerReceiver

    /// Makes an evaluation of these parts.
    init(_ parts: [Int], round: RoundID, _ format: AnswerFormat, into tally: any AnswerReceiver) {
        (waiting, self.round, self.format, self.tally) = (parts, round, format, tally)
    }

    /// Whether all parts are tested.
    var isDone: Bool { waiting.isEmpty && underWay.isEmpty }

    /// Takes the next part for a worker; nil when all have one.
    func take(for worker: Int) -> Int? {
        guard !waiting.isEmpty else { return nil }
        let part = waiting.removeFirst()
        underWay[worker, default: []].append(part)
        return part
    }

    /// Takes back what a lost worker was to test.
    func withdraw(_ worker: Int) { waiting += underWay.removeValue(forKey: worker) ?? [] }

    /// Opens an answer, if it is one to this evaluation.
    /// - Returns: whether it is.
    func open(_ answer: borrowing Buffer<UInt8>) -> Bool {
        guard let owner = UpdateSlot.owner(answer, at: 0), owner.round == round,
            let worker = underWay.first(where: { $0.value.contains(owner.client) })?.key
        else { return false }
        var parts = underWay.removeValue(forKey: worker) ?? []
        for (part, round, offset) in format.slots(of: answer, pending: &parts, round: { _ in self.round }) {
            let envelope = format.open(answer, at: offset, client: part, round: round)
            let bytes = format.uploadBytes(of: envelope)
            format.withNumbers(answer, at: offset, envelope) { envelope, numbers, state in
                tally.receive(part, envelope, numbers, state: state, bytes: bytes)
            }
        }
        if !parts.isEmpty { underWay[worker] = parts }
        return true
    }
}
