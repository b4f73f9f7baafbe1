import FedCore
import Federation
import NeuralNet
import Records

/// The server's half of a round, wherever the features come from: takes the clients' steps in their order, and joins
/// both parts of each client's update. ``LocalSplitExchange`` and ``SplitExchange`` both drive it, which is why their
/// weights are equal to the bit.
///
/// With a shared server part, steps are taken in the order of ``ServiceOrder`` alone, each from the weights that the
/// step before has left. With a copy for each client the order does not matter.
final class ServerRound {
    private let split: SplitModel
    /// The round that is under way; chooses random streams and learning rate.
    private var round = RoundID(0)
    /// The steps that are left.
    private var order: ServiceOrder
    /// The clients that take part, and how far each one is.
    private var turns: [Int: Progress] = [:]
    /// The whole model's weights from which the round started.
    private var start: [Float] = []
    /// Compiled parts that no client has; made when they are first needed and used again. With copies there are never
    /// more than the largest cohort.
    private var idle: [ServerPart] = []
    /// The part that learns from all clients; nil where each has a copy.
    private var shared: ServerPart?
    /// Each client's copy, from its first step to its update.
    private var copies: [Int: ServerPart] = [:]
    /// Room for a client's update, in the whole model's order.
    private var update: [Float]

    /// How far a client's turn is.
    private struct Progress {
        /// The client's steps.
        let schedule: LocalSchedule
        /// Steps taken.
        var step = 0
        /// Sum of the samples' losses in the epoch under way.
        var loss = 0.0
        /// Samples seen in the epoch under way.
        var seen = 0

        /// Whether all steps have been taken.
        var isDone: Bool { step == schedule.steps }
    }

    /// Prepares for any number of rounds; parts are compiled when they are needed.
    init(_ split: SplitModel) {
        self.split = split
        order = ServiceOrder([], seed: split.job.settings.seed, round)
        update = [Float](repeating: 0, count: split.job.model.parameterCount)
    }

    /// Begins a round, or the same one again after ranks were lost: everything from the first attempt is forgotten.
    ///
    /// - Parameters:
    ///   - round: The round and its attempt.
    ///   - cohort: The clients that take part.
    ///   - weights: The whole model's, flat.
    func start(_ round: RoundID, cohort: [Int], from weights: Span<Float>) throws {
        self.round = round
        turns = [:]
        for client in cohort { turns[client] = Progress(schedule: split.schedule(of: client)) }
        order = ServiceOrder(
            turns.map { ($0.key, $0.value.schedule.steps) }, seed: split.job.settings.seed, round)
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

    /// The client whose step comes next; nil when all steps have been taken.
    var next: Int? { order.next }

    /// Whether a client's step can be taken now: with a shared part, only if it is the next.
    func canTake(_ client: Int) -> Bool {
        guard let progress = turns[client], !progress.isDone else { return false }
        return split.serverPart == .perClient || order.next == client
    }

    /// Whether a client's update can be put together: its steps are done, and its copy is final; with a shared part,
    /// everybody's steps are.
    func canFinish(_ client: Int) -> Bool {
        guard let progress = turns[client], progress.isDone else { return false }
        return split.serverPart == .perClient || order.isEmpty
    }

    /// What a client's next features must be: the step's number, from 0, and its samples; nil when none are due.
    func expected(of client: Int) -> (step: Int, count: Int)? {
        guard let progress = turns[client], !progress.isDone else { return nil }
        return (progress.step, progress.schedule.places(ofStep: progress.step).count)
    }

    /// Takes a client's next step.
    ///
    /// - Parameters:
    ///   - client: One of whom ``canTake(_:)`` holds.
    ///   - features: `[count, features]`, finite, for as many samples as expected.
    ///   - labels: `[count]`, below the model's number of classes.
    ///   - gradient: Receives what goes back to the device, `[count, features]`.
    /// - Throws: `OneDNNError`.
    func take(
        _ client: Int, features: Span<Float>, labels: Span<Int32>, gradient: inout MutableSpan<Float>
    ) throws {
        guard var progress = turns[client], canTake(client) else {
            preconditionFailure("it is not client \(client)'s turn")
        }
        let dropout = split.streams(of: client, round).dropout(step: progress.step)
        let result = try part(of: client).step(
            features: features, labels: labels, dropout: dropout, gradient: &gradient)
        if progress.schedule.startsEpoch(progress.step) { (progress.loss, progress.seen) = (0, 0) }
        progress.loss += result.lossSum
        progress.seen += labels.count
        progress.step += 1
        turns[client] = progress
        order.take(client)
    }

    /// The server part that learns from a client; its copy is loaded with the round's weights on first use.
    private func part(of client: Int) throws -> ServerPart {
        if let part = split.serverPart == .shared ? shared : copies[client] { return part }
        let part = try idle.popLast() ?? ServerPart(split)
        let start = self.start
        try part.start(round: round.number, from: start.span.extracting(split.backRange))
        copies[client] = part
        return part
    }

    /// Joins a client's update and hands it to the tally. Its loss is the mean over the turn's last epoch. A client
    /// without samples has a change of zero.
    ///
    /// - Parameters:
    ///   - client: One of whom ``canFinish(_:)`` holds.
    ///   - front: The change of the device's part.
    ///   - tally: Receives update and loss.
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
        if progress.schedule.steps > 0 {
            try part(of: client).storeChange(since: start.span.extracting(split.backRange), into: &back)
        } else {
            for i in 0..<back.count { back[unchecked: i] = 0 }
        }
        let result = LocalResult(
            samples: progress.schedule.samples, steps: progress.schedule.steps,
            loss: progress.seen > 0 ? progress.loss / Double(progress.seen) : 0)
        let format = AnswerFormat(updateFloats: update.count)
        let none: [Float] = []
        tally.receive(
            client, .success(format.envelope(client, round, result)), update.span, state: none.span,
            bytes: format.uploadBytes)
        self.update = update
        if let copy = copies.removeValue(forKey: client) { idle.append(copy) }
    }

    /// Leaves a client out from here on, so that the others do not wait for its steps. What a shared part has learnt
    /// from it stays.
    func withdraw(_ client: Int) {
        turns[client] = nil
        order.remove(client)
        if let copy = copies.removeValue(forKey: client) { idle.append(copy) }
    }
}
