import FedCore
import MPI
import Records
import Runtime

/// The default wire: every client's update comes up by itself in `MPI_Gatherv`.
///
/// With many clients on a rank the updates come in waves, its parts, so that the server's buffer stays under a bound
/// whatever the cohort.
final class GathervWire: Wire {
    static let name = "gatherv"
    static let summary = "each client's update by MPI_Gatherv"
    static let carriesClientState = true
    static let deliversEachUpdate = true

    private let communicator: any Communicator
    private let workers: Int
    let parameterCount: Int
    let slotBytes: Int
    /// Clients of one worker in one wave.
    let slotsPerWave: Int
    /// On the server, between waves.
    private var receiveBuffer: Buffer<UInt8>?
    /// On a worker: what it sends, or has sent last.
    private var batch: UpdateBatch
    private let faults: FaultInjector
    private let transfers: TransferClock

    /// Bound of the server's buffer, unless one update per worker needs more.
    static let defaultServerBytes = 64 << 20

    convenience init(
        _ communicator: any Communicator, parameterCount: Int, cohortSize: Int, terms: UpdateTerms,
        faults: FaultInjector, _ transfers: TransferClock
    ) {
        self.init(
            communicator, parameterCount: parameterCount, cohortSize: cohortSize, faults: faults,
            transfers, serverBytes: Self.defaultServerBytes)
    }

    init(
        _ communicator: any Communicator, parameterCount: Int, cohortSize: Int, faults: FaultInjector,
        _ transfers: TransferClock, serverBytes: Int
    ) {
        self.transfers = transfers
        self.faults = faults
        self.communicator = communicator
        self.parameterCount = parameterCount
        workers = communicator.size - 1
        slotBytes = UpdateSlot.byteCount(parameterCount: parameterCount)
        slotsPerWave = min(cohortSize, max(1, serverBytes / (slotBytes * workers)))
        batch = UpdateBatch(slots: communicator.rank > 0 ? slotsPerWave : 0, parameterCount: parameterCount)
        if communicator.rank == 0 {
            receiveBuffer = Buffer(count: min(cohortSize, slotsPerWave * workers) * slotBytes)
        }
    }

    func partCount(_ assignment: Assignment) -> Int {
        let longest = assignment.clientsOfWorker.reduce(0) { max($0, $1.count) }
        return (longest + slotsPerWave - 1) / slotsPerWave
    }

    func clients(of worker: Int, part wave: Int, _ assignment: Assignment) -> ArraySlice<Int> {
        let clients = assignment.clientsOfWorker[worker]
        let start = min(wave * slotsPerWave, clients.count)
        return clients[start..<min(start + slotsPerWave, clients.count)]
    }

    // MARK: Worker

    func send(
        _ clients: ArraySlice<Int>, round: RoundID, train: TrainClient, unless giveUp: () throws -> Bool
    ) throws {
        try batch.fill(round: round, clients: clients, train: train)
        if faults.spoils(.corrupt, round: round.number) { batch.corrupt() }
        faults.reach(.gather, round: round.number)
        guard try !giveUp() else { return }
        try send(&batch, unless: giveUp)
    }

    /// Sends a batch, which keeps its contents.
    func send(_ batch: inout UpdateBatch, unless giveUp: () throws -> Bool) throws {
        let count = batch.byteCount
        let clients = batch.clients.count
        try transfers.enterCollective()
        var request = try communicator.startGatherv(
            batch.take(), sending: count, into: Buffer(count: 0), counts: [], root: 0)
        let isGivenUp = try Backoff.default.wait(for: &request, unless: giveUp)
        if isGivenUp {
            batch.giveBack(request.abandon { Buffer(copying: $0.send) })
        } else {
            batch.giveBack(try request.wait().send)
            transfers.endGather(bytes: count, clients: clients)
        }
    }

    func hasDone(_ client: Int, round: RoundID) -> Bool { batch.has(client, round: round) }

    func answer(
        _ clients: [Int], round: RoundID, train: TrainClient,
        send: (consuming Buffer<UInt8>) throws -> Buffer<UInt8>
    ) throws {
        for start in stride(from: 0, to: clients.count, by: slotsPerWave) {
            let chunk = clients[start..<min(start + slotsPerWave, clients.count)]
            var next = UpdateBatch(slots: chunk.count, parameterCount: parameterCount)
            try next.fill(round: round, clients: chunk) { client, change in
                if let result = batch.update(of: client, round: round, into: &change) { return result }
                return try train(client, &change)
            }
            if faults.spoils(.corrupt, round: round.number) { next.corrupt() }
            faults.reach(.gather, round: round.number)
            next.giveBack(try send(next.take()))
            batch = next
        }
    }

    // MARK: Server

    func collect(
        round: RoundID, part wave: Int, _ assignment: Assignment, into tally: any AnswerReceiver,
        unless giveUp: () throws -> Bool
    ) throws -> Bool {
        guard let into = receiveBuffer.take() else { preconditionFailure("the wire is in use, or was given up") }
        let clients = (0..<workers).map { self.clients(of: $0, part: wave, assignment) }
        let counts = [0] + clients.map { $0.count * slotBytes }
        try transfers.enterCollective()
        var request = try communicator.startGatherv(Buffer(count: 0), into: into, counts: counts, root: 0)
        while try !request.wait(until: .now + .milliseconds(100)) {
            if try giveUp() { return false }
        }
        let received = try request.wait().receive
        let cohort = Array(clients.joined())
        try transfers.endGather(bytes: cohort.count * slotBytes, clients: cohort.count, isFirst: wave == 0)
        let slots = cohort.enumerated().map { (client: $1, offset: $0 * slotBytes) }
        deliver(slots, of: received, round: round, to: tally)
        receiveBuffer = .some(received)
        return true
    }

    /// A damaged update stands for the client whose turn it was.
    func open(
        _ answer: borrowing Buffer<UInt8>, pending: inout [Int], round: RoundID, into tally: any AnswerReceiver
    ) {
        // Answers of another exchange, perhaps of another length, do not count.
        if let first = UpdateSlot.owner(answer, at: 0), first.round != round { return }
        var slots: [(client: Int, offset: Int)] = []
        for slot in 0..<answer.count / slotBytes {
            let offset = slot * slotBytes
            let client: Int
            if let named = UpdateSlot.owner(answer, at: offset) {
                guard named.round == round else { continue }
                client = named.client
            } else {
                guard let first = pending.first else { continue }
                client = first
            }
            guard let index = pending.firstIndex(of: client) else { continue }
            pending.remove(at: index)
            slots.append((client, offset))
        }
        deliver(slots, of: answer, round: round, to: tally)
    }

    /// Checks slots that should hold these clients' updates, then hands them over.
    private func deliver(
        _ slots: [(client: Int, offset: Int)], of buffer: borrowing Buffer<UInt8>, round: RoundID,
        to tally: any AnswerReceiver
    ) {
        let payloadBytes = parameterCount * 4
        transfers.timeline.note(clients: slots.count)
        var envelopes: [Result<UpdateSlot.Envelope, UpdateSlot.Defect>] = []
        for (client, offset) in slots {
            do {
                let envelope = try UpdateSlot.readEnvelope(
                    buffer, at: offset, client: client, round: round, payloadBytes: payloadBytes)
                envelopes.append(.success(envelope))
            } catch {
                envelopes.append(.failure(error))
            }
        }
        transfers.timeline.enter(.aggregate)
        transfers.timeline.note(clients: slots.count)
        for (slot, envelope) in zip(slots, envelopes) {
            let start = slot.offset + UpdateSlot.envelopeBytes
            buffer.withSpan(of: Float.self, at: start, count: parameterCount) { change in
                tally.receive(slot.client, envelope, change)
            }
        }
    }
}
