import FedCore
import MPI
import Records
import Runtime

/// The default wire: every client's update comes up by itself in `MPI_Igatherv`.
///
/// With many clients on a rank the updates come in waves, which are the wire's parts, so that the server's buffer stays
/// under 64 MiB whatever the cohort, unless one update of each worker needs more.
///
/// ```
/// wave i     worker w sends clients i·k … i·k + k − 1 of its assignment, slots one behind another
/// server     slots of worker 0 │ slots of worker 1 │ …, without gaps, checked and added where they lie
/// ```
///
/// k, the clients of a worker in a wave, follows from the settings, and so do all lengths; only with a codec whose
/// encodings differ in length do they come up ahead of a wave.
final class GathervWire: Wire {
    static let name = "gatherv"
    static let summary = "each client's update by MPI_Gatherv"
    static let carriesClientState = true
    static let deliversEachUpdate = true

    private let communicator: any Communicator
    /// Ranks that send, all but rank 0.
    private let workers: Int
    /// How an answer lies in a message.
    private let format: AnswerFormat
    /// Clients of one worker in one wave, at most.
    private let slotsPerWave: Int
    /// On the server, memory for one wave; nil while MPI has it, and for good once a wave was given up.
    private var receiveBuffer: Buffer<UInt8>?
    /// On a worker: the answers that it sends, or has sent last.
    private var batch: UpdateBatch
    private let transfers: TransferClock

    /// Bound of the server's buffer in bytes, unless one update of each worker needs more.
    static let defaultServerBytes = 64 << 20

    /// Makes the wire with the usual bound. Updates are not summed on the way, so `terms` does not matter.
    convenience init(
        _ communicator: any Communicator, _ format: AnswerFormat, cohortSize: Int, terms: UpdateTerms,
        _ transfers: TransferClock
    ) {
        self.init(
            communicator, format, cohortSize: cohortSize, transfers, serverBytes: Self.defaultServerBytes)
    }

    /// Makes the wire with another bound.
    /// - Parameter serverBytes: bound of the server's buffer in bytes; the same on every rank, because waves follow
    ///   from it.
    init(
        _ communicator: any Communicator, _ format: AnswerFormat, cohortSize: Int, _ transfers: TransferClock,
        serverBytes: Int
    ) {
        self.transfers = transfers
        self.communicator = communicator
        self.format = format
        workers = communicator.size - 1
        slotsPerWave = min(cohortSize, max(1, serverBytes / (format.slotBytes * workers)))
        batch = UpdateBatch(format, room: communicator.rank > 0 ? slotsPerWave : 0)
        if communicator.rank == 0 {
            receiveBuffer = Buffer(count: min(cohortSize, slotsPerWave * workers) * format.slotBytes)
        }
    }

    /// Waves of a round: as many as the worker with the most clients needs.
    func partCount(_ assignment: Assignment) -> Int {
        let longest = assignment.clientsOfWorker.reduce(0) { max($0, $1.count) }
        return (longest + slotsPerWave - 1) / slotsPerWave
    }

    /// A worker's clients of one wave, in the order of its work.
    func clients(of worker: Int, part wave: Int, _ assignment: Assignment) -> ArraySlice<Int> {
        let clients = assignment.clientsOfWorker[worker]
        let start = min(wave * slotsPerWave, clients.count)
        return clients[start..<min(start + slotsPerWave, clients.count)]
    }

    // MARK: Worker

    /// An order's clients in messages of at most a wave.
    func answers(to clients: [Int]) -> [ArraySlice<Int>] {
        stride(from: 0, to: clients.count, by: slotsPerWave).map { clients[$0..<min($0 + slotsPerWave, clients.count)] }
    }

    /// Begins a wave or an order; the memory is that of the one before.
    func begin(_ clients: ArraySlice<Int>, round: RoundID, isOrder: Bool) {
        batch.begin(clients, round: round, isAnswer: isOrder)
    }

    func has(_ client: Int) -> Bool { batch.clients.contains(client) }

    /// Lends the place behind the last answer.
    func takeSlot() -> AnswerSlot { batch.takeSlot() }

    /// Writes the envelope of an answer, and with it the checksum.
    func put(_ slot: consuming AnswerSlot, of client: Int, _ result: LocalResult) {
        batch.put(slot, of: client, result)
    }

    func corrupt() { batch.corrupt() }

    /// Sends a wave. The batch keeps its contents, because they may have to be sent again by an order; when the gather
    /// is given up, MPI may still read from the memory, so it is left to MPI and copied.
    func send(_ clients: ArraySlice<Int>, unless shouldAbort: () throws -> Bool) throws {
        let count = batch.byteCount
        try transfers.enterCollective()
        guard try sendLengths(unless: shouldAbort) else { return }
        var request = try communicator.startGatherv(
            batch.take(), sending: count, into: Buffer(count: 0), counts: [], root: 0)
        let isAborted = try Backoff.default.wait(for: &request, unless: shouldAbort)
        if isAborted {
            batch.giveBack(request.abandon { Buffer(copying: $0.send) })
        } else {
            batch.giveBack(try request.wait().send)
            transfers.endGather(bytes: count, clients: clients.count)
        }
    }

    /// Sends what is here as one message: an order's answers have room of their own.
    func answer(by send: (consuming Buffer<UInt8>) throws -> Buffer<UInt8>) throws {
        batch.sent(try send(batch.message()))
    }

    /// Tells the server how long the answers are, where they differ. Collective, unless it is given up.
    /// - Returns: whether the server knows them; false when it was given up.
    private func sendLengths(unless shouldAbort: () throws -> Bool) throws -> Bool {
        guard !format.hasOneLength else { return true }
        let lengths = batch.lengths
        var words = Buffer<Int64>(count: lengths.count)
        for (i, length) in lengths.enumerated() { words[i] = Int64(length) }
        var request = try communicator.startGatherv(
            words, sending: lengths.count, into: Buffer(count: 0), counts: [], root: 0)
        guard try !Backoff.default.wait(for: &request, unless: shouldAbort) else { return false }
        _ = try request.wait()
        return true
    }

    // MARK: Server

    /// Receives a wave into the one buffer, checks every slot, and hands the answers over. Where answers differ in
    /// length, a gather of the lengths comes first.
    func collect(
        round: RoundID, part wave: Int, _ assignment: Assignment, into tally: any AnswerReceiver,
        unless shouldAbort: () throws -> Bool
    ) throws -> Bool {
        guard let into = receiveBuffer.take() else { preconditionFailure("the wire is in use, or was given up") }
        let clients = (0..<workers).map { self.clients(of: $0, part: wave, assignment) }
        try transfers.enterCollective()
        guard let lengths = try receiveLengths(clients.map(\.count), unless: shouldAbort) else {
            receiveBuffer = .some(into)
            return false
        }
        let counts = [0] + lengths.map { $0.reduce(0, +) }
        var request = try communicator.startGatherv(Buffer(count: 0), into: into, counts: counts, root: 0)
        if try request.isGivenUp(shouldAbort) { return false }
        let received = try request.wait().receive
        let cohort = Array(clients.joined())
        try transfers.endGather(bytes: counts.reduce(0, +), clients: cohort.count, isFirst: wave == 0)
        var offset = 0
        let slots = zip(cohort, lengths.joined()).map { client, length in
            defer { offset += length }
            return (client: client, round: round, offset: offset)
        }
        deliver(slots, of: received, to: tally)
        receiveBuffer = .some(received)
        return true
    }

    /// Learns how long the answers are: from the format, or, where they differ, from the workers. Collective then.
    /// - Parameters:
    ///   - clients: number of answers of each worker.
    ///   - shouldAbort: asked a few times a second; true leaves the collective.
    /// - Returns: bytes of each answer of each worker; nil when it was given up.
    /// - Throws: `UpdateSlot.Defect` when a worker names lengths that its answers cannot have: where the others begin
    ///   would then be unknown.
    private func receiveLengths(_ clients: [Int], unless shouldAbort: () throws -> Bool) throws -> [[Int]]? {
        guard !format.hasOneLength else { return clients.map { [Int](repeating: format.slotBytes, count: $0) } }
        var request = try communicator.startGatherv(
            Buffer(count: 0), into: Buffer<Int64>(count: clients.reduce(0, +)), counts: [0] + clients, root: 0)
        if try request.isGivenUp(shouldAbort) { return nil }
        let words = try request.wait().receive
        var next = 0
        var lengths: [[Int]] = []
        for count in clients {
            lengths.append((next..<next + count).map { Int(words[$0]) })
            next += count
        }
        let accepted = format.slotBytes(payloadBytes: 0)...format.slotBytes
        if let wrong = lengths.joined().first(where: { !accepted.contains($0) }) {
            throw UpdateSlot.Defect.wrongLength(expected: format.slotBytes, actual: wrong)
        }
        return lengths
    }

    /// Opens a worker's answer to an order; slots of other rounds, and of clients that are not owed, are dropped.
    func open(
        _ answer: borrowing Buffer<UInt8>, pending: inout [Int], round: RoundID, into tally: any AnswerReceiver
    ) {
        deliver(format.slots(of: answer, pending: &pending, round: { _ in round }), of: answer, to: tally)
    }

    /// Checks slots that should hold these clients' answers, then hands them over.
    /// - Complexity: O(bytes): a checksum, and a pass of the tally.
    private func deliver(
        _ slots: [(client: Int, round: RoundID, offset: Int)], of buffer: borrowing Buffer<UInt8>,
        to tally: any AnswerReceiver
    ) {
        transfers.timeline.note(clients: slots.count)
        var envelopes: [Result<UpdateSlot.Envelope, UpdateSlot.Defect>] = []
        for (client, round, offset) in slots {
            envelopes.append(format.open(buffer, at: offset, client: client, round: round))
        }
        transfers.timeline.enter(.aggregate)
        transfers.timeline.note(clients: slots.count)
        for (slot, envelope) in zip(slots, envelopes) {
            let bytes = format.uploadBytes(of: envelope)
            format.withNumbers(buffer, at: slot.offset, envelope, noting: tally.note) { envelope, update, state in
                tally.receive(slot.client, envelope, update, state: state, bytes: bytes)
            }
        }
    }
}
