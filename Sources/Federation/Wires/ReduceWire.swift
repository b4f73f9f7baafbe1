import FedCore
import MPI
import Records
import Runtime

/// The wire of sums (`--wire reduce`): each worker adds up its clients exactly, and `MPI_Ireduce` adds up the workers.
/// Rank 0 holds one sum, whatever the number of clients, and 64 bytes of each client.
///
/// Exact sums are associative, so the weights have the bits that `GathervWire` gives. What is wrong with one update is
/// found on its own rank; damage on the way spoils the whole sum, and leaves all of it out. Where updates are scaled by
/// powers of two, the ranks first agree which levels of the sum there are, by an `MPI_Iallreduce`.
///
/// ```
/// worker     levels ─► allreduce ─► envelopes ─► gatherv    sum ─► reduce
/// answer     envelopes │ sum, weight, checksum: Int64 │ levels, two Int64 for each scaled block
/// ```
///
/// The words of a sum are 8 bytes each, twice those of an update; it pays with more than two clients a rank.
final class ReduceWire: Wire {
    static let name = "reduce"
    static let summary = "exact partial sums by MPI_Reduce; rank 0's memory does not grow with the clients"
    static let carriesClientState = false
    static let deliversEachUpdate = false

    private let communicator: any Communicator
    private let transfers: TransferClock
    private let format: AnswerFormat
    /// Weights and bounds of the sum, the same on every rank.
    private let terms: UpdateTerms
    private let workers: Int

    /// A worker's partial sum, kept in case it has to be sent again.
    private var sum: UpdateSum
    /// The round that the sum is of.
    private var round = RoundID(0)
    /// The clients in the sum, or left out of it, with what they report.
    private var results: [(client: Int, result: LocalResult)] = []
    /// Memory that a client's update is written to, reused; nil while it is lent.
    private var slot: Buffer<UInt8>?
    /// Whether a byte of the next message is to be changed.
    private var isToCorrupt = false

    /// Makes one rank's half; a worker's has memory for one sum and one update.
    init(
        _ communicator: any Communicator, _ format: AnswerFormat, cohortSize: Int, terms: UpdateTerms,
        _ transfers: TransferClock
    ) {
        precondition(format.stateFloats == 0, "a sum carries no client's state")
        self.terms = terms
        self.transfers = transfers
        self.communicator = communicator
        self.format = format
        workers = communicator.size - 1
        let isWorker = communicator.rank > 0
        sum = isWorker ? terms.emptySum() : UpdateSum(UpdateShape(plain: 0), totalWeight: 1)
    }

    /// One part, or none without clients.
    func partCount(_ assignment: Assignment) -> Int { assignment.cohortSize > 0 ? 1 : 0 }

    func clients(of worker: Int, part: Int, _ assignment: Assignment) -> ArraySlice<Int> {
        assignment.clientsOfWorker[worker][...]
    }

    // MARK: Server

    /// Receives envelopes and sum, by two collectives that are under way together, and hands them over. The buffers are
    /// made anew for each round: their length depends on the levels.
    /// - Returns: false when it was given up; the tally is then untouched.
    func collect(
        round: RoundID, part: Int, _ assignment: Assignment, into tally: any AnswerReceiver,
        unless shouldAbort: () throws -> Bool
    ) throws -> Bool {
        let clients = assignment.clientsOfWorker
        let counts = [0] + clients.map { $0.count * UpdateSlot.envelopeBytes }
        try transfers.enterCollective()
        let none = [ScaledSum.Levels](repeating: .none, count: terms.shape.scaled.count)
        guard let levels = try agree(on: none, unless: shouldAbort) else { return false }
        var gather = try communicator.startGatherv(
            Buffer(count: 0), into: Buffer<UInt8>(count: counts.reduce(0, +)), counts: counts, root: 0)
        var reduce = try communicator.startReduce(
            Buffer<Int64>(count: PartialSum.words(terms.shape, levels)), .sum, root: 0)
        while try !gather.wait(until: .now + .milliseconds(100)) {
            if try shouldAbort() { return false }
        }
        while try !reduce.wait(until: .now + .milliseconds(100)) {
            if try shouldAbort() { return false }
        }
        let envelopes = try gather.wait().receive
        let total = try reduce.wait()
        let sent = envelopes.count + workers * total.count * 8
        let cohort = Array(clients.joined())
        try transfers.endGather(bytes: sent, clients: cohort.count, isFirst: true, needsAll: true)
        let read = read(envelopes, of: cohort, round: round)
        transfers.timeline.enter(.aggregate)
        tally.receive(read, sum: total.span, levels: levels, bytes: sent)
        return true
    }

    /// Agrees on the union of all ranks' levels, so that words of one place are of one level everywhere. Collective,
    /// unless no block is scaled.
    /// - Parameters:
    ///   - levels: this rank's own; none at the server.
    ///   - shouldAbort: asked while waiting; true leaves the collective.
    /// - Returns: the union; nil when it was given up.
    /// - Throws: `UpdateSlot.Defect.damagedSum` when the ranks' maximum are no levels that can be.
    private func agree(
        on levels: [ScaledSum.Levels], unless shouldAbort: () throws -> Bool
    ) throws -> [ScaledSum.Levels]? {
        guard !levels.isEmpty else { return [] }
        var words = Buffer<Int64>(count: LevelWords.count(terms.shape))
        var span = words.mutableSpan
        LevelWords.write(levels, to: &span)
        var request = try communicator.startAllReduce(words, .maximum)
        if communicator.rank == 0 {
            while try !request.wait(until: .now + .milliseconds(100)) {
                if try shouldAbort() { return nil }
            }
        } else if try Backoff.default.wait(for: &request, unless: shouldAbort) {
            return nil
        }
        let agreed = try request.wait()
        guard let union = LevelWords.read(agreed.span) else { throw UpdateSlot.Defect.damagedSum }
        return union
    }

    /// Opens a worker's answer to an order. A message that is not made of envelopes, a sum and its levels, or is of
    /// another round or of clients that are not owed, is dropped as a whole.
    func open(
        _ answer: borrowing Buffer<UInt8>, pending: inout [Int], round: RoundID, into tally: any AnswerReceiver
    ) {
        guard let (levels, sumBytes) = levels(of: answer) else { return }
        let levelBytes = LevelWords.count(terms.shape) * 8
        let count = (answer.count - sumBytes - levelBytes) / UpdateSlot.envelopeBytes
        guard count >= 0, answer.count == count * UpdateSlot.envelopeBytes + sumBytes + levelBytes else { return }
        let addresses = (0..<count).map { UpdateSlot.owner(answer, at: $0 * UpdateSlot.envelopeBytes) }
        // A damaged envelope stands for a client of whom nothing was heard.
        let named = addresses.map { $0?.client }
        guard addresses.allSatisfy({ $0.map { $0.round == round } ?? true }),
            named.allSatisfy({ $0.map { pending.contains($0) } ?? true }), count <= pending.count
        else { return }
        var unnamed = pending.filter { !named.contains($0) }[...]
        let clients = named.map { $0 ?? unnamed.removeFirst() }
        pending.removeAll { clients.contains($0) }
        let read = read(answer, of: clients, round: round)
        transfers.timeline.enter(.aggregate)
        answer.withSpan(of: Int64.self, at: count * UpdateSlot.envelopeBytes, count: sumBytes / 8) {
            tally.receive(read, sum: $0, levels: levels, bytes: answer.count)
        }
    }

    /// Reads from the end of an answer the levels of its sum, and with them the sum's length.
    /// - Returns: nil when the answer is too short for any, or they are no levels that can be.
    private func levels(of answer: borrowing Buffer<UInt8>) -> (levels: [ScaledSum.Levels], sumBytes: Int)? {
        let count = LevelWords.count(terms.shape)
        guard answer.count >= count * 8 else { return nil }
        let levels = answer.withSpan(of: Int64.self, at: answer.count - count * 8, count: count) { LevelWords.read($0) }
        return levels.map { ($0, PartialSum.words(terms.shape, $0) * 8) }
    }

    /// Reads the envelopes at a message's beginning, one for each client, whose payload is the sum.
    /// - Returns: what each client reports, or what is wrong with its envelope.
    private func read(
        _ buffer: borrowing Buffer<UInt8>, of clients: [Int], round: RoundID
    ) -> [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)] {
        var read: [(client: Int, envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>)] = []
        for (slot, client) in clients.enumerated() {
            do {
                let envelope = try UpdateSlot.readEnvelope(
                    buffer, at: slot * UpdateSlot.envelopeBytes, client: client, round: round, payloadBytes: 0...0,
                    codec: .summed)
                read.append((client, .success(envelope)))
            } catch {
                read.append((client, .failure(error)))
            }
        }
        return read
    }

    // MARK: Worker

    /// All clients of an order in one message: a sum is one.
    func answers(to clients: [Int]) -> [ArraySlice<Int>] { clients.isEmpty ? [] : [clients[...]] }

    /// Begins a sum, or keeps the one that is here: of an order, if it holds no other clients than these.
    func begin(_ clients: ArraySlice<Int>, round: RoundID, isOrder: Bool) {
        let keeps = isOrder && self.round == round && Set(results.map(\.client)).isSubset(of: clients)
        if !keeps { begin(round) }
    }

    /// Whether a client is in the sum, or has been left out of it.
    func has(_ client: Int) -> Bool { results.contains { $0.client == client } }

    /// Lends the one place for an update; the sum takes it in when it is put back.
    func takeSlot() -> AnswerSlot {
        AnswerSlot(slot.take() ?? Buffer(count: 4 * format.updateFloats), at: 0, floats: format.updateFloats)
    }

    /// Adds an answer's update to the sum, and has the slot free for the next. O(floats).
    func put(_ slot: consuming AnswerSlot, of client: Int, _ result: LocalResult) {
        let change = slot.intoBuffer()
        var result = result
        if result.status.hasUpdate {
            let refusal = change.withSpan(of: Float.self, at: 0, count: format.updateFloats) { add(client, result, $0) }
            if let refusal { result.status = refusal }
        }
        results.append((client, result))
        self.slot = .some(change)
    }

    func corrupt() { isToCorrupt = true }

    /// Sends envelopes and sum. The sum is kept, because an order may ask for it.
    func send(unless shouldAbort: () throws -> Bool) throws {
        let envelopes = envelopes(room: 0)
        try transfers.enterCollective()
        guard let levels = try agree(on: sum.levels, unless: shouldAbort) else { return }
        var partial = Buffer<Int64>(count: PartialSum.words(terms.shape, levels))
        var words = partial.mutableSpan
        PartialSum.write(sum, levels, to: &words)
        let bytes = envelopes.count + partial.count * 8
        var gather = try communicator.startGatherv(envelopes, into: Buffer(count: 0), counts: [], root: 0)
        var reduce = try communicator.startReduce(partial, .sum, root: 0)
        if try Backoff.default.wait(for: &gather, unless: shouldAbort) { return }
        if try Backoff.default.wait(for: &reduce, unless: shouldAbort) { return }
        _ = try gather.wait()
        _ = try reduce.wait()
        transfers.endGather(bytes: bytes, clients: results.count)
    }

    /// Sends envelopes, sum and levels as one message.
    func answer(by send: (consuming Buffer<UInt8>) throws -> Buffer<UInt8>) throws {
        let envelopeBytes = results.count * UpdateSlot.envelopeBytes
        let levels = sum.levels
        let (words, levelWords) = (PartialSum.words(terms.shape, levels), LevelWords.count(terms.shape))
        var message = envelopes(room: (words + levelWords) * 8)
        message.withMutableSpan(of: Int64.self, at: envelopeBytes, count: words) {
            PartialSum.write(sum, levels, to: &$0)
        }
        message.withMutableSpan(of: Int64.self, at: envelopeBytes + words * 8, count: levelWords) {
            LevelWords.write(levels, to: &$0)
        }
        _ = try send(message)
        // Another order of this round is for other clients.
        begin(round)
    }

    /// Begins an empty sum.
    private func begin(_ round: RoundID) {
        self.round = round
        sum.reset()
        results.removeAll(keepingCapacity: true)
    }

    /// Adds an update, unless something is wrong with it: within a sum nobody would find it again. The rules are those
    /// by which the server judges a single update, so that it is left out on any wire or on none.
    /// - Returns: the status that says why it is left out; nil when it is in.
    private func add(_ client: Int, _ result: LocalResult, _ change: Span<Float>) -> UpdateStatus? {
        let envelope = UpdateSlot.Envelope(client: client, round: round, result: result, payloadBytes: 0)
        do {
            try envelope.checkResult(samplesHeld: terms.samplesHeld(client))
            try sum.add(change, weight: terms.weight(result.samples))
            return nil
        } catch ExactSum.Refusal.overflow {
            return .tooLarge
        } catch is ExactSum.Refusal {
            return .notFinite
        } catch {
            return .unusable
        }
    }

    /// Makes a message that begins with the envelopes of all that was put in.
    /// - Parameter room: bytes behind them, left as zeros.
    private func envelopes(room: Int) -> Buffer<UInt8> {
        var buffer = Buffer<UInt8>(count: results.count * UpdateSlot.envelopeBytes + room)
        for (slot, entry) in results.enumerated() {
            var envelope = UpdateSlot.Envelope(
                client: entry.client, round: round, result: entry.result, payloadBytes: 0)
            envelope.codec = .summed
            UpdateSlot.writeEnvelope(envelope, to: &buffer, at: slot * UpdateSlot.envelopeBytes)
        }
        if isToCorrupt, !results.isEmpty { buffer[8] ^= 0x10 }
        isToCorrupt = false
        return buffer
    }
}
