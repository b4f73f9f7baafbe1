import FedCore
import Federation
import NeuralNet
import Records

/// The server's half of a round, whoever brings the features: takes the clients' steps, and puts each client's update together
/// of both parts.
final class ServerRound {
    private let split: SplitModel
    private var round = RoundID(0)
    private var order: ServiceOrder
    private var turns: [Int: Progress] = [:]
    /// Weights of the whole model from which the round started.
    private var start: [Float] = []
    /// Made when they are needed first, and used again; with `copies`, never more than the largest cohort.
    private var idle: [ServerPart] = []
    /// The one for all clients, or each client's.
    private var shared: ServerPart?
    private var copies: [Int: ServerPart] = [:]
    private var update: [Float]

    private struct Progress {
        let turn: Turn
        var step = 0
        /// Summed over the samples seen in the epoch under way.
        var loss = 0.0
        var seen = 0

        var isDone: Bool { step == turn.steps }
    }

    init(_ split: SplitModel) {
        self.split = split
        order = ServiceOrder([], seed: split.job.settings.seed, round)
        update = [Float](repeating: 0, count: split.job.model.parameterCount)
    }

    /// - Parameter weights: of the whole model.
    func start(_ round: RoundID, cohort: [Int], from weights: Span<Float>) throws {
        self.round = round
        turns = [:]
        for client in cohort { turns[client] = Progress(turn: split.turn(of: client)) }
        order = ServiceOrder(
            turns.map { ($0.key, $0.value.turn.steps) }, seed: split.job.settings.seed, round)
        start.removeAll(keepingCapacity: true)
        for i in 0..<weights.count { start.append(weights[unchecked: i]) }
        idle += copies.values
        copies = [:]
        if split.serverPart == .shared {
            let part = try shared ?? ServerPart(split)
            try part.start(round: round.number, from: weights.extracting(split.backRange))
            shared = part
        }
    }

    /// Whose step is to be taken next, where the order matters or there is nothing else to go by.
    var next: Int? { order.next }

    /// Whether a client's step can be taken now.
    func canTake(_ client: Int) -> Bool {
        guard let progress = turns[client], !progress.isDone else { return false }
        return split.serverPart == .perClient || order.next == client
    }

    /// Whether a client's update can be put together: its steps are done and its copy is final, or everybody's.
    func canFinish(_ client: Int) -> Bool {
        guard let progress = turns[client], progress.isDone else { return false }
        return split.serverPart == .perClient || order.isEmpty
    }

    /// What a client's next features must be: a number of samples, and the step's number; nil when none are due.
    func expected(of client: Int) -> (step: Int, count: Int)? {
        guard let progress = turns[client], !progress.isDone else { return nil }
        return (progress.step, progress.turn.places(ofStep: progress.step).count)
    }

    /// Takes a client's next step.
    /// - Parameters:
    ///   - features: finite, as many as expected.
    ///   - labels: of the model's classes.
    ///   - gradient: receives what goes back.
    func take(
        _ client: Int, features: Span<Float>, labels: Span<Int32>, gradient: inout MutableSpan<Float>
    ) throws {
        guard var progress = turns[client], canTake(client) else {
            preconditionFailure("it is not client \(client)'s turn")
        }
        let dropout = split.streams(of: client, round).dropout(step: progress.step)
        let result = try part(of: client).step(
            features: features, labels: labels, dropout: dropout, gradient: &gradient)
        if progress.turn.startsEpoch(progress.step) { (progress.loss, progress.seen) = (0, 0) }
        progress.loss += result.lossSum
        progress.seen += labels.count
        progress.step += 1
        turns[client] = progress
        order.take(client)
    }

    private func part(of client: Int) throws -> ServerPart {
        if let part = split.serverPart == .shared ? shared : copies[client] { return part }
        let part = try idle.popLast() ?? ServerPart(split)
        let start = self.start
        try part.start(round: round.number, from: start.span.extracting(split.backRange))
        copies[client] = part
        return part
    }

    /// Hands over a client's update, of which the device has sent its part.
    /// - Parameter front: the change of the device's part.
    func finish(_ client: Int, front: Span<Float>, into tally: any AnswerReceiver) throws {
        guard let progress = turns[client], canFinish(client) else {
            preconditionFailure("client \(client) is not done")
        }
        let start = self.start
        var update = self.update
        self.update = []  // or writing would copy it
        var span = update.mutableSpan
        for i in 0..<front.count { span[unchecked: i] = front[unchecked: i] }
        var back = span.part(front.count...)
        if progress.turn.steps > 0 {
            try part(of: client).storeChange(since: start.span.extracting(split.backRange), into: &back)
        } else {
            for i in 0..<back.count { back[unchecked: i] = 0 }
        }
        let result = LocalResult(
            samples: progress.turn.samples, steps: progress.turn.steps,
            loss: progress.seen > 0 ? progress.loss / Double(progress.seen) : 0)
        let format = AnswerFormat(updateFloats: update.count)
        let none: [Float] = []
        tally.receive(
            client, .success(format.envelope(client, round, result)), update.span, state: none.span,
            bytes: format.uploadBytes)
        self.update = update
        if let copy = copies.removeValue(forKey: client) { idle.append(copy) }
    }

    /// Leaves a client out from here on; what a shared part has learnt from it stays.
    func withdraw(_ client: Int) {
        turns[client] = nil
        order.remove(client)
        if let copy = copies.removeValue(forKey: client) { idle.append(copy) }
    }
}
