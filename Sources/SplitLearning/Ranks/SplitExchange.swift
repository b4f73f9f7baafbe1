import FedCore
import Federation
import MPI
import NeuralNet
import Records
import Runtime

/// The server's half of split training over client ranks: takes features as they come, or as their turn is, and sends
/// gradients back. Everything goes point to point, on one thread.
///
/// Memory is bounded: at most one batch of each client waits here, since a device sends its next features only after
/// its gradient; and parts are received only when they can be used. When a rank is lost, the round begins again on the
/// others, to the same bits; with `--on-failure drop` its clients are left out of it instead.
final class SplitExchange: Exchange {
    private let split: SplitModel
    /// The steps, independent of ranks and messages.
    private let server: ServerRound
    /// The client ranks: who lives, who owes which client.
    private let pool: WorkerPool
    /// Point-to-point messages under way.
    private let messages: WorkerMessages
    private let control: any Communicator
    private let timekeeper: Timekeeper
    private let timeline: Timeline

    /// How often work was dealt out in this run. Messages carry it, so that those of work that was given up are
    /// recognised.
    private var issue = 0
    private var round = RoundID(0)
    /// Clients that have delivered, or from whom nothing is to come in this round.
    private var settled: Set<Int> = []
    /// Settled clients whose messages were refused.
    private var rejected: Set<Int> = []
    /// Checked features that wait for their turn, by client.
    private var waiting: [Int: Letter] = [:]
    /// Checked device parts whose updates can be put together.
    private var parts: [Letter] = []
    /// Samples trained in this round, for progress.
    private var trained = 0
    /// Receives what comes of each client, while a round is under way.
    private var tally: (any AnswerReceiver)?
    /// Bytes of the round's messages, those of repeated work included.
    private(set) var report = ExchangeReport()
    let trainsElsewhere = true

    /// A received message in a collection, which cannot hold a value that is not copyable.
    private final class Letter {
        let message: SplitTrainingMessage
        init(_ message: consuming SplitTrainingMessage) { self.message = message }
    }

    /// Prepares for any number of rounds, and lets the pool watch this exchange's messages.
    ///
    /// - Parameters:
    ///   - split: The model in two parts.
    ///   - channels: Communicators of rank 0, and its timekeeper.
    ///   - pool: The client ranks.
    init(_ split: SplitModel, _ channels: Channels, _ pool: WorkerPool) {
        self.split = split
        self.pool = pool
        messages = WorkerMessages(on: channels.communicator)
        control = channels.control
        timekeeper = channels.timekeeper
        timeline = timekeeper.timeline
        server = ServerRound(split)
        pool.look(after: messages)
    }

    /// Whether a client rank was lost at any time.
    var hasLostRanks: Bool { pool.hasLostRanks }

    /// Trains a cohort on the client ranks. Blocks until every client has delivered or is left out.
    ///
    /// - Parameters:
    ///   - task: Training; other tasks need the whole model on a device.
    ///   - round: The round and its attempt.
    ///   - cohort: The clients to train.
    ///   - down: The whole model's weights, flat.
    ///   - tally: Receives each client's update, or why there is none.
    ///   - besideTraining: Work of the server beside the clients', such as evaluating the round before; it must call
    ///     its argument often.
    ///   - progressed: Told the samples trained so far.
    /// - Throws: `Interruption`, or an error of the pool when no client rank is left.
    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: DownMessage, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) throws -> Void
    ) throws {
        precondition(task == .training, "devices that hold a part of the model cannot test it")
        try pool.startRound(round.number)
        self.round = round
        self.tally = tally
        report = ExchangeReport(upload: 0, download: 0)
        (settled, rejected) = ([], [])
        let down = down.weights.span
        try deal(cohort, down)
        timeline.enter(.wait)
        try besideTraining { try heartbeat() }
        pool.startWaiting()
        while !pool.pendingWorkers.isEmpty {
            timeline.enter(.wait)
            _ = try Backoff.default.wait(until: .now + .milliseconds(100)) { try serve() }
            timeline.tick()
            try progressed(trained)
            let loss = try pool.findLost()
            for client in loss.dropped { leaveOut(client) }
            tally.drop(loss.dropped.count)
            if !loss.clients.isEmpty {
                // A shared part has to learn from all of them once more; what has been delivered is not taken again.
                let done = split.serverPart == .shared ? rejected : settled
                try deal(cohort.filter { !done.contains($0) }, down)
            }
        }
        self.tally = nil
    }

    /// Serves the devices once, and the control messages; called between batches of other work.
    func heartbeat() throws {
        let phase = timeline.phase
        // Once: where the server is what all wait for, there is always more, and the ranks want to hear of it.
        _ = try serve()
        try pool.heartbeat()
        timeline.enter(phase)
        timeline.tick()
    }

    // MARK: Down

    /// Gives clients to the ranks, which start anew; what was under way is given up.
    private func deal(_ cohort: [Int], _ down: Span<Float>) throws {
        issue += 1
        (waiting, parts) = ([:], [])
        trained = 0
        try server.start(round, cohort: cohort, from: down)
        pool.withdrawAll()
        for (worker, clients) in try pool.assign(cohort, cost: { ClientTask.training.cost($0, split.job) }) {
            timeline.enter(.encode)
            var order = SplitTrainingMessage(
                SplitTrainingMessage.Header(kind: .order, round: round, issue: issue),
                floats: split.front.parameterCount, words: clients.count)
            let front = down.extracting(split.frontRange)
            order.withMutableFloats { floats in
                for i in 0..<front.count { floats[unchecked: i] = front[unchecked: i] }
            }
            order.withMutableWords { words in
                for (i, client) in clients.enumerated() { words[i] = Int32(bitPattern: UInt32(client)) }
            }
            try send(order, to: worker, .order)
            timeline.note(clients: clients.count)
            report.download? += clients.count * SplitTrainingMessage.orderBytes(split)
        }
    }

    /// Seals a message and starts its transfer.
    private func send(_ message: consuming SplitTrainingMessage, to worker: Int, _ kind: SplitTrainingMessage.Kind)
        throws
    {
        let buffer = message.sealed()
        timeline.enter(.broadcast)
        timeline.note(bytesOut: buffer.count)
        try messages.send(buffer, to: worker, tag: kind.tag)
    }

    // MARK: Up

    /// Takes in what has come, and does what can be done with it: steps in their order, then finished clients.
    ///
    /// - Returns: Whether there was anything.
    private func serve() throws -> Bool {
        try messages.advance()
        try messages.startReceiving(tag: SplitTrainingMessage.Kind.features.tag)
        if pool.pending.contains(where: { $0.contains(where: { server.canFinish($0) }) }) {
            try messages.startReceiving(tag: SplitTrainingMessage.Kind.part.tag)
        }
        var isBusy = try messages.takeReceived { worker, tag, buffer in
            timeline.enter(.gather)
            timeline.note(bytesIn: buffer.count)
            try pool.noteHeard(worker)
            try open(buffer, tag == SplitTrainingMessage.Kind.part.tag ? .part : .features, from: worker)
        }
        while let letter = nextLetter() {
            isBusy = true
            try answer(letter)
        }
        while let part = parts.popLast() { try finish(part.message) }
        return isBusy
    }

    /// Checks a received message. Defects never end the run: the client is left out of the round, and where a damaged
    /// message does not say whose it is, all clients of the rank that owe one of this kind.
    private func open(_ buffer: consuming Buffer<UInt8>, _ kind: SplitTrainingMessage.Kind, from worker: Int) throws {
        var client: Int?
        do throws(UpdateSlot.Defect) {
            let message = try SplitTrainingMessage(buffer)
            let header = message.header
            // What belongs to work that was given up is not owed.
            guard header.issue == issue & 0xFFFF_FFFF, pool.pending[worker].contains(header.client) else { return }
            client = header.client
            try accept(message)
        } catch {
            // What is damaged is of one of those that owe such a message, and none of them can be asked again:
            // whichever it was would wait for the server, and the server for it.
            let clients = client.map { [$0] } ?? pool.pending[worker].filter { owes($0, kind) }
            for client in clients { reject(client, because: error) }
        }
    }

    /// Whether the next message of a client that is under way is of this kind.
    private func owes(_ client: Int, _ kind: SplitTrainingMessage.Kind) -> Bool {
        switch kind {
        case .features: server.expected(of: client) != nil && waiting[client] == nil
        case .part: server.canFinish(client) && !parts.contains { $0.message.header.client == client }
        case .order, .gradient, .end: false
        }
    }

    /// Checks a message of a client that is under way against what is due, and keeps it.
    ///
    /// - Throws: The defect for which the client is left out.
    private func accept(_ message: consuming SplitTrainingMessage) throws(UpdateSlot.Defect) {
        let client = message.header.client
        switch message.header.kind {
        case .features:
            guard let due = server.expected(of: client), waiting[client] == nil else { return }
            try message.checkFeatures(
                step: due.step, samples: due.count, width: split.features, classes: split.back.classes)
            report.upload? += SplitTrainingMessage.featureBytes(split, count: due.count)
            waiting[client] = Letter(message)
        case .part:
            guard server.canFinish(client) else { return }
            guard message.floats == split.front.parameterCount, message.words == 0 else {
                throw .wrongLength(
                    expected: SplitTrainingMessage.partBytes(split),
                    actual: SplitTrainingMessage.byteCount(floats: message.floats, words: message.words))
            }
            // A round that began again brings once more what has been taken already.
            guard !settled.contains(client) else { return pool.settle(client) }
            report.upload? += SplitTrainingMessage.partBytes(split)
            parts.append(Letter(message))
        case .order, .gradient, .end:
            return
        }
    }

    /// The features that can be trained on now: with a shared part only those whose turn it is, otherwise those of the
    /// lowest client.
    private func nextLetter() -> Letter? {
        switch split.serverPart {
        case .shared: server.next.flatMap { waiting.removeValue(forKey: $0) }
        case .perClient: waiting.keys.min().flatMap { waiting.removeValue(forKey: $0) }
        }
    }

    /// Takes a client's step, and sends it the gradient.
    private func answer(_ letter: Letter) throws {
        let header = letter.message.header
        guard let worker = pool.worker(owing: header.client) else { return }
        timeline.enter(.train)
        let count = letter.message.words
        timeline.note(samples: count)
        var reply = SplitTrainingMessage(
            SplitTrainingMessage.Header(
                kind: .gradient, round: round, issue: issue, client: header.client, step: header.step),
            floats: count * split.features)
        try reply.withMutableFloats { gradient in
            try letter.message.withFloats { features in
                try letter.message.withWords { labels in
                    try server.take(header.client, features: features, labels: labels, gradient: &gradient)
                }
            }
        }
        trained += count
        try send(reply, to: worker, .gradient)
        report.download? += SplitTrainingMessage.gradientBytes(split, count: count)
    }

    /// Puts a client's update together and settles the client.
    private func finish(_ message: borrowing SplitTrainingMessage) throws {
        guard let tally else { return }
        timeline.enter(.aggregate)
        let client = message.header.client
        try message.withFloats { try server.finish(client, front: $0, into: tally) }
        settled.insert(client)
        pool.settle(client)
    }

    /// Leaves a client out of the round, with the reason in the log; its device hears nothing until the next. What it
    /// has delivered before the round began again stands.
    private func reject(_ client: Int, because defect: UpdateSlot.Defect) {
        let hasDelivered = settled.contains(client)
        leaveOut(client)
        guard !hasDelivered else { return }
        rejected.insert(client)
        let none: [Float] = []
        tally?.receive(client, .failure(defect), none.span, state: none.span, bytes: 0)
    }

    /// Expects nothing more of a client in this round.
    private func leaveOut(_ client: Int) {
        settled.insert(client)
        pool.settle(client)
        waiting[client] = nil
        server.withdraw(client)
    }

    // MARK: The end

    /// Ends the run: tells the ranks, and serves what they still send until all have confirmed. Blocks.
    func stop() throws {
        timeline.enter(.wait)
        let areAllGone = try pool.shutDown(
            serving: {
                // Clients that were left out may have sent on before they heard that it is over.
                try messages.startReceiving(tag: SplitTrainingMessage.Kind.part.tag)
                _ = try serve()
            },
            announce: {
                for worker in pool.members {
                    try send(SplitTrainingMessage(SplitTrainingMessage.Header(kind: .end)), to: worker, .end)
                }
                return true
            })
        if areAllGone { try timekeeper.end(on: control) }
    }

    /// Lets the ranks go after a failure of rank 0.
    func dismiss() throws { try pool.dismiss() }
}
