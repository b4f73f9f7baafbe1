import FedCore
import MPI
import Records
import Runtime

/// The client ranks, reached point to point from the first turn to the last: an order with the weights down, the update
/// up as its answer. Nobody waits for anybody but the server.
///
/// A worker has one client to train and one more to go on with; what else is in flight waits here for its place.
final class RankCrew: Crew {
    private let job: Job
    private let membership: Membership
    private let control: any Communicator
    private let desk: OrderDesk
    private let timekeeper: Timekeeper
    private let timeline: Timeline
    private let faulted: (FaultRecord) -> Void
    private let parameterCount: Int

    /// In the order in which their turns end, as far as that is known.
    private var queue: [AsynchronousStart] = []
    /// The turn of each client that has begun and has not been handed over.
    private var turns: [Int: Turn] = [:]
    /// Clients whose turn has ended, in the order of arrival.
    private var ended: [Int] = []
    private var step = 0
    private(set) var hasLostRanks = false
    let trainsElsewhere = true

    private struct Turn {
        let start: AsynchronousStart
        let weights: [Float]
        var end: TurnEnd?
    }

    /// Orders that a worker holds: the second is there when the first is done.
    private static let depth = 2

    init(
        _ job: Job, control: any Communicator, membership: Membership, faulted: @escaping (FaultRecord) -> Void,
        _ timekeeper: Timekeeper
    ) {
        self.job = job
        self.membership = membership
        self.control = control
        self.timekeeper = timekeeper
        self.faulted = faulted
        timeline = timekeeper.timeline
        parameterCount = job.vectors.slot
        desk = OrderDesk(
            control: control, parameterCount: job.vectors.down, cohortCapacity: job.frameCapacity, timeline)
    }

    func startStep(_ number: Int) throws {
        step = number
        for worker in try membership.startStep(number) {
            faulted(FaultRecord(round: number, kind: .rankReturned, rank: worker + 1))
        }
        try lookAfterRanks()
        try dispatch()
    }

    func begin(_ start: AsynchronousStart, from weights: [Float]) throws {
        turns[start.client] = Turn(start: start, weights: weights)
        enqueue(start)
        try dispatch()
    }

    func finish(_ start: AsynchronousStart) throws -> TurnEnd {
        while true {
            if let end = turns[start.client]?.end {
                turns[start.client] = nil
                ended.removeAll { $0 == start.client }
                return end
            }
            timeline.enter(.wait, peer: worker(of: start.client).map { $0 + 1 })
            try serve(until: { turns[start.client]?.end != nil })
        }
    }

    func nextEnd(waits: Bool) throws -> (client: Int, end: TurnEnd)? {
        if ended.isEmpty { try serveOnce() }
        while waits, ended.isEmpty {
            timeline.enter(.wait)
            try serve(until: { !ended.isEmpty })
        }
        guard let client = ended.first, let end = turns[client]?.end else { return nil }
        ended.removeFirst()
        turns[client] = nil
        return (client, end)
    }

    func heartbeat() throws {
        let phase = timeline.phase
        try serveOnce()
        try lookAfterRanks()
        timeline.enter(phase)
        timeline.tick()
    }

    // MARK: Orders

    /// Turns that end sooner are trained sooner.
    private func enqueue(_ start: AsynchronousStart) {
        let place = queue.firstIndex { ($0.finish, $0.client) > (start.finish, start.client) && $0.finish > 0 }
        queue.insert(start, at: place ?? queue.endIndex)
    }

    /// Gives the workers what they have room for.
    private func dispatch() throws {
        while !queue.isEmpty {
            let idle = membership.members.filter { desk.pending[$0].count < Self.depth }
            guard let worker = idle.min(by: { desk.pending[$0].count < desk.pending[$1].count }) else { return }
            let start = queue.removeFirst()
            guard let weights = turns[start.client]?.weights else { continue }
            try desk.order(.training, of: [start.client], from: worker, round: start.id, down: weights.span)
        }
    }

    private func worker(of client: Int) -> Int? {
        desk.pending.firstIndex { $0.contains(client) }
    }

    /// Serves for a moment, or until a condition holds, and looks after the ranks.
    private func serve(until condition: () -> Bool) throws {
        _ = try Backoff.default.wait(until: .now + .milliseconds(100)) {
            try serveOnce()
            return condition()
        }
        timeline.tick()
        try lookAfterRanks()
    }

    /// Takes in what has come.
    private func serveOnce() throws {
        let hasCome = try desk.serve(
            heard: { try membership.noteHeard($0) },
            open: open)
        if hasCome { try dispatch() }
    }

    /// Takes the updates out of an answer. A damaged one is of the client whose turn it was; what nobody
    /// waits for is dropped.
    private func open(_ answer: borrowing Buffer<UInt8>, pending: inout [Int]) {
        let slotBytes = UpdateSlot.byteCount(parameterCount: parameterCount)
        for slot in 0..<answer.count / slotBytes {
            let offset = slot * slotBytes
            let address = UpdateSlot.owner(answer, at: offset)
            guard let client = address?.client ?? pending.first, let place = pending.firstIndex(of: client),
                let start = turns[client]?.start, address.map({ $0.round == start.id }) ?? true
            else { continue }
            pending.remove(at: place)
            timeline.note(clients: 1)
            var change = [Float](repeating: 0, count: parameterCount)
            let envelope = read(answer, at: offset, of: start, into: &change)
            turns[client]?.end = .update(envelope, change)
            ended.append(client)
        }
    }

    private func read(
        _ answer: borrowing Buffer<UInt8>, at offset: Int, of start: AsynchronousStart, into change: inout [Float]
    ) -> Result<UpdateSlot.Envelope, UpdateSlot.Defect> {
        do throws(UpdateSlot.Defect) {
            let envelope = try UpdateSlot.readEnvelope(
                answer, at: offset, client: start.client, round: start.id, payloadBytes: parameterCount * 4)
            var copy = change.mutableSpan
            answer.withSpan(of: Float.self, at: offset + UpdateSlot.envelopeBytes, count: parameterCount) { floats in
                for i in 0..<floats.count { copy[unchecked: i] = floats[unchecked: i] }
            }
            return .success(envelope)
        } catch {
            return .failure(error)
        }
    }

    // MARK: Losses

    private func lookAfterRanks() throws {
        let lost = try membership.poll(awaiting: desk.debtors)
        guard !lost.isEmpty else { return }
        if !hasLostRanks { try membership.leaveCollectives() }
        hasLostRanks = true
        for worker in lost { lose(worker) }
        for worker in try membership.reassemble() {
            faulted(FaultRecord(round: step, kind: .rankReturned, rank: worker + 1))
        }
        try dispatch()
    }

    private func lose(_ worker: Int) {
        timeline.enter(.reform, peer: worker + 1)
        let clients = desk.withdraw(worker)
        let isDropped = job.settings.onFailure == .drop
        faulted(
            FaultRecord(
                round: step, kind: isDropped ? .rankDropped : .rankLost, rank: worker + 1, clients: clients,
                reason: membership.reason(of: worker)))
        for client in clients {
            guard let start = turns[client]?.start else { continue }
            if isDropped {
                turns[client]?.end = .lost
                ended.append(client)
            } else {
                enqueue(start)
            }
        }
    }

    // MARK: The end

    /// What is still being trained is of no use to anybody: the workers leave it.
    func stop() throws {
        membership.startWaiting()
        timeline.enter(.wait)
        if !hasLostRanks {
            try membership.endOrders()
            for worker in membership.members { try desk.end(worker) }
            // A worker may be about to send an update.
            let areAllGone = try membership.waitForFarewells {
                try desk.serve(heard: { try membership.noteHeard($0) }) { _, _ in }
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
