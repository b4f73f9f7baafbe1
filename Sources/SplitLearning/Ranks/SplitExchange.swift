import FedCore
import Federation
import MPI
import NeuralNet
import Records
import Runtime

/// The server's half of split training over client ranks: takes features as they come, or as their turn is, and sends gradients
/// back. Everything goes point to point; the server keeps at most one batch of each client.
///
/// When a rank is lost the round begins again on the others, to the same bits; or its clients are left out of it, with
/// `--on-failure drop`.
final class SplitExchange: Exchange {
    private let split: SplitModel
    private let server: ServerRound
    private let membership: Membership
    private let communicator: any Communicator
    private let control: any Communicator
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    private let faulted: (FaultRecord) -> Void

    private var outgoing: [Parcel] = []
    private var incoming: [(kind: SplitMessage.Kind, parcel: Parcel)] = []
    /// Counts how often work was dealt out.
    private var issue = 0
    private var round = RoundID(0)
    /// Per worker, the clients it has been given.
    private var clientsOf: [[Int]]
    /// Clients that have delivered, or from whom nothing is to come.
    private var settled: Set<Int> = []
    /// Settled clients whose features were no good.
    private var rejected: Set<Int> = []
    /// Features that wait for their turn.
    private var waiting: [Int: Letter] = [:]
    /// Devices' parts whose updates can be put together.
    private var parts: [Letter] = []
    private var trained = 0
    private var tally: (any AnswerReceiver)?
    private(set) var traffic: RoundTraffic?
    private(set) var hasLostRanks = false
    let trainsElsewhere = true

    private final class Letter {
        let message: SplitMessage
        init(_ message: consuming SplitMessage) { self.message = message }
    }

    init(
        _ split: SplitModel, _ channels: Channels, membership: Membership, faulted: @escaping (FaultRecord) -> Void
    ) {
        self.split = split
        self.membership = membership
        self.faulted = faulted
        communicator = channels.communicator
        control = channels.control
        timekeeper = channels.timekeeper
        timeline = timekeeper.timeline
        server = ServerRound(split)
        clientsOf = [[Int]](repeating: [], count: channels.communicator.size - 1)
    }

    func run(
        _ task: ClientTask, round: RoundID, cohort: [Int], down: Span<Float>, into tally: any AnswerReceiver,
        besideTraining: (_ heartbeat: () throws -> Void) throws -> Void,
        progressed: (Int) -> Void
    ) throws {
        precondition(task == .training, "devices that hold a part of the model cannot test it")
        for worker in try membership.startRound(round.number) {
            faulted(FaultRecord(round: round.number, kind: .rankReturned, rank: worker + 1))
        }
        self.round = round
        self.tally = tally
        traffic = RoundTraffic()
        (settled, rejected) = ([], [])
        try deal(cohort, down)
        timeline.enter(.wait)
        try besideTraining { try heartbeat() }
        membership.startWaiting()
        while !debtors.isEmpty {
            timeline.enter(.wait)
            _ = try Backoff.default.wait(until: .now + .milliseconds(100)) { try serve() }
            timeline.tick()
            progressed(trained)
            var isToBeginAgain = false
            for worker in try membership.poll(awaiting: debtors) where try lose(worker) { isToBeginAgain = true }
            if isToBeginAgain {
                // A shared part has to learn from all of them once more; what has been delivered is not taken again.
                let done = split.serverPart == .shared ? rejected : settled
                try deal(cohort.filter { !done.contains($0) }, down)
            }
        }
        self.tally = nil
    }

    /// The workers that owe something.
    private var debtors: [Int] { clientsOf.indices.filter { !settled.isSuperset(of: clientsOf[$0]) } }

    func heartbeat() throws {
        let phase = timeline.phase
        // Once: where the server is what all wait for, there is always more, and the ranks want to hear of it.
        _ = try serve()
        _ = try membership.poll(awaiting: [])
        timeline.enter(phase)
        timeline.tick()
    }

    // MARK: Down

    /// Gives the cohort to the workers; what was under way is given up.
    private func deal(_ cohort: [Int], _ down: Span<Float>) throws {
        issue += 1
        (waiting, parts) = ([:], [])
        trained = 0
        try server.start(round, cohort: cohort, from: down)
        for worker in clientsOf.indices { clientsOf[worker] = [] }
        for worker in try membership.reassemble() {
            faulted(FaultRecord(round: round.number, kind: .rankReturned, rank: worker + 1))
        }
        let members = membership.members
        let assignment = Assignment(cohort: cohort, workers: members.count) { ClientTask.training.cost($0, split.job) }
        for (worker, clients) in zip(members, assignment.clientsOfWorker) where !clients.isEmpty {
            clientsOf[worker] = clients
            timeline.enter(.encode)
            var order = SplitMessage(
                SplitMessage.Header(kind: .order, round: round, issue: issue),
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
            traffic?.download += clients.count * SplitMessage.orderBytes(split)
        }
    }

    private func send(_ message: consuming SplitMessage, to worker: Int, _ kind: SplitMessage.Kind) throws {
        let buffer = message.sealed()
        timeline.enter(.broadcast)
        timeline.note(bytesOut: buffer.count)
        outgoing.append(Parcel(worker, try communicator.startSend(buffer, to: worker + 1, tag: kind.tag)))
    }

    // MARK: Up

    /// Takes in what has come, and does what can be done with it.
    /// - Returns: whether there was anything.
    private func serve() throws -> Bool {
        try outgoing.advance()
        try startReceiving(.features)
        if clientsOf.contains(where: { $0.contains(where: { !settled.contains($0) && server.canFinish($0) }) }) {
            try startReceiving(.part)
        }
        var isBusy = false
        var receiving: [(kind: SplitMessage.Kind, parcel: Parcel)] = []
        for (kind, parcel) in incoming {
            guard let buffer = try parcel.completed() else {
                receiving.append((kind, parcel))
                continue
            }
            isBusy = true
            timeline.enter(.gather)
            timeline.note(bytesIn: buffer.count)
            try membership.noteHeard(parcel.worker)
            try open(buffer, kind, from: parcel.worker)
        }
        incoming = receiving
        while let letter = nextLetter() {
            isBusy = true
            try answer(letter)
        }
        while let part = parts.popLast() { try finish(part.message) }
        return isBusy
    }

    private func startReceiving(_ kind: SplitMessage.Kind) throws {
        while let status = try communicator.iprobe(from: nil, tag: kind.tag) {
            let request = try communicator.startReceive(
                into: Buffer<UInt8>(count: status.byteCount), from: status.source, tag: kind.tag)
            incoming.append((kind, Parcel(status.source - 1, request)))
        }
    }

    private func open(_ buffer: consuming Buffer<UInt8>, _ kind: SplitMessage.Kind, from worker: Int) throws {
        var client: Int?
        do throws(UpdateSlot.Defect) {
            let message = try SplitMessage(buffer)
            let header = message.header
            // What belongs to work that was given up is not owed.
            guard header.issue == issue & 0xFFFF_FFFF, clientsOf[worker].contains(header.client) else { return }
            client = header.client
            try accept(message)
        } catch {
            // What is damaged is of one of those that owe such a message, and none of them can be asked again: whichever
            // it was would wait for the server, and the server for it.
            let clients = client.map { [$0] } ?? clientsOf[worker].filter { owes($0, kind) }
            for client in clients { reject(client, because: error) }
        }
    }

    /// Whether the next message of a client that takes part is of this kind.
    private func owes(_ client: Int, _ kind: SplitMessage.Kind) -> Bool {
        guard !settled.contains(client) else { return false }
        return switch kind {
        case .features: server.expected(of: client) != nil && waiting[client] == nil
        case .part: server.canFinish(client) && !parts.contains { $0.message.header.client == client }
        case .order, .gradient, .end: false
        }
    }

    private func accept(_ message: consuming SplitMessage) throws(UpdateSlot.Defect) {
        let client = message.header.client
        switch message.header.kind {
        case .features:
            guard let due = server.expected(of: client), waiting[client] == nil else { return }
            try message.checkFeatures(
                step: due.step, samples: due.count, width: split.features, classes: split.back.classes)
            traffic?.upload += SplitMessage.featureBytes(split, count: due.count)
            waiting[client] = Letter(message)
        case .part:
            guard server.canFinish(client), !settled.contains(client) else { return }
            guard message.floats == split.front.parameterCount, message.words == 0 else {
                throw .wrongLength(
                    expected: SplitMessage.partBytes(split),
                    actual: SplitMessage.byteCount(floats: message.floats, words: message.words))
            }
            traffic?.upload += SplitMessage.partBytes(split)
            parts.append(Letter(message))
        case .order, .gradient, .end:
            return
        }
    }

    private func nextLetter() -> Letter? {
        switch split.serverPart {
        case .shared: server.next.flatMap { waiting.removeValue(forKey: $0) }
        case .perClient: waiting.keys.min().flatMap { waiting.removeValue(forKey: $0) }
        }
    }

    /// Takes a client's step, and sends it the gradient.
    private func answer(_ letter: Letter) throws {
        let header = letter.message.header
        guard let worker = clientsOf.firstIndex(where: { $0.contains(header.client) }) else { return }
        timeline.enter(.train)
        let count = letter.message.words
        timeline.note(samples: count)
        var reply = SplitMessage(
            SplitMessage.Header(
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
        traffic?.download += SplitMessage.gradientBytes(split, count: count)
    }

    private func finish(_ message: borrowing SplitMessage) throws {
        guard let tally else { return }
        timeline.enter(.aggregate)
        let client = message.header.client
        try message.withFloats { try server.finish(client, front: $0, into: tally) }
        settled.insert(client)
    }

    /// Leaves a client out of the round; its device hears nothing until the next.
    private func reject(_ client: Int, because defect: UpdateSlot.Defect) {
        guard settled.insert(client).inserted else { return }
        rejected.insert(client)
        waiting[client] = nil
        server.withdraw(client)
        let none = [Float](repeating: 0, count: split.job.model.parameterCount)
        tally?.receive(client, .failure(defect), none.span)
    }

    // MARK: Losses

    /// - Returns: whether the round is to begin again.
    private func lose(_ worker: Int) throws -> Bool {
        timeline.enter(.reform, peer: worker + 1)
        if !hasLostRanks { try membership.leaveCollectives() }
        hasLostRanks = true
        incoming.removeAll { $0.parcel.worker == worker }
        outgoing.removeAll { $0.worker == worker }
        let clients = clientsOf[worker].filter { !settled.contains($0) }
        let isDropped = split.job.settings.onFailure == .drop
        faulted(
            FaultRecord(
                round: round.number, kind: isDropped ? .rankDropped : .rankLost, rank: worker + 1, clients: clients,
                reason: membership.reason(of: worker)))
        guard isDropped else { return !clients.isEmpty }
        for client in clients {
            settled.insert(client)
            waiting[client] = nil
            server.withdraw(client)
        }
        tally?.drop(clients.count)
        return false
    }

    // MARK: The end

    func stop() throws {
        membership.startWaiting()
        timeline.enter(.wait)
        if !hasLostRanks {
            for worker in membership.members {
                try send(SplitMessage(SplitMessage.Header(kind: .end)), to: worker, .end)
            }
            let areAllGone = try membership.waitForFarewells {
                // Clients that were left out may have sent on before they heard that it is over.
                try startReceiving(.part)
                _ = try serve()
            }
            if areAllGone { return try timekeeper.end(on: control) }
            hasLostRanks = true
        }
        try dismiss()
    }

    func dismiss() throws {
        try membership.stop()
        _ = try membership.waitForFarewells()
    }
}
