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
/// The reduction goes in pieces, two of which are under way: the server adds one while the next arrives, and no rank
/// needs memory for a second sum. With a codec of which all clients share the places (`randk`) only the sums at these cross.
///
/// The words of a sum are 8 bytes each, twice those of an update; it pays with more than two clients a rank.
final class ReduceWire: Wire {
    static let name = "reduce"
    static let summary =
        "exact partial sums by MPI_Reduce, 8 bytes a parameter once a rank; rank 0's memory does not grow with the clients"
    static let carriesClientState = false
    static let deliversEachUpdate = false

    /// Bytes that a client can claim to have sent to its edge.
    private static let largestClaim = 1 << 50

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
    private var results: [EdgeAggregator.Report] = []
    /// The edges whose clients' sums come apart, each in a part of its own; nil where all are one sum.
    private let groups: EdgeTerms?
    /// Memory that a client's update is written to, reused; nil while it is lent.
    private var slot: Buffer<UInt8>?
    /// Whether a byte of the next message is to be changed.
    private var isToCorrupt = false

    /// Makes one rank's half; a worker's has memory for one sum and one update.
    convenience init(
        _ communicator: any Communicator, _ format: AnswerFormat, cohortSize: Int, terms: UpdateTerms,
        _ transfers: TransferClock
    ) {
        self.init(communicator, format, terms: terms, transfers, apart: nil)
    }

    /// Makes one rank's half of the wire between cloud and edges.
    /// - Parameter groups: the edges, if the cloud has to see each edge's sum.
    init(
        _ communicator: any Communicator, _ format: AnswerFormat, terms: UpdateTerms, _ transfers: TransferClock,
        apart groups: EdgeTerms?
    ) {
        self.groups = groups
        precondition(format.stateFloats == 0, "a sum carries no client's state")
        self.terms = terms
        self.transfers = transfers
        self.communicator = communicator
        self.format = format
        workers = communicator.size - 1
        let isWorker = communicator.rank > 0
        sum = isWorker ? terms.emptySum() : UpdateSum(UpdateShape(plain: 0), totalWeight: 1)
    }

    /// One part, or none without clients; where edges' sums come apart, one for each.
    func partCount(_ assignment: Assignment) -> Int {
        guard let groups else { return assignment.cohortSize > 0 ? 1 : 0 }
        return assignment.clientsOfWorker.reduce(0) { $0 + groups.runs(of: $1).count }
    }

    func clients(of worker: Int, part: Int, _ assignment: Assignment) -> ArraySlice<Int> {
        guard let groups else { return assignment.clientsOfWorker[worker][...] }
        let place = place(ofPart: part, groups, assignment)
        return place.worker == worker ? groups.runs(of: assignment.clientsOfWorker[worker])[place.run] : []
    }

    /// Where edges' sums come apart, every worker's first edge before the first part, every worker's second once all first
    /// ones are up, and so on: edges work at the same time, and none keeps more than one sum.
    func work(of worker: Int, before part: Int, _ assignment: Assignment) -> ArraySlice<Int>? {
        guard let groups else { return clients(of: worker, part: part, assignment) }
        let run = place(ofPart: part, groups, assignment).run
        guard part == 0 || place(ofPart: part - 1, groups, assignment).run < run else { return nil }
        let own = groups.runs(of: assignment.clientsOfWorker[worker])
        return own.indices.contains(run) ? own[run] : []
    }

    /// Whose sum a part is where edges' come apart: the first of every worker, then the second of every worker that has
    /// two, and so on.
    private func place(ofPart part: Int, _ groups: EdgeTerms, _ assignment: Assignment) -> (worker: Int, run: Int) {
        let counts = assignment.clientsOfWorker.map { groups.runs(of: $0).count }
        var before = 0
        for run in 0..<(counts.max() ?? 0) {
            let workers = counts.indices.filter { counts[$0] > run }
            if part - before < workers.count { return (workers[part - before], run) }
            before += workers.count
        }
        preconditionFailure("part \(part) of \(before)")
    }

    // MARK: Server

    /// Receives envelopes and sum, which are under way together, and hands them over: the sum piece by piece, as it
    /// comes.
    /// - Returns: false when it was given up; nothing of it is then in the tally.
    func collect(
        round: RoundID, part: Int, _ assignment: Assignment, into tally: any AnswerReceiver,
        unless shouldAbort: () throws -> Bool
    ) throws -> Bool {
        let clients = (0..<workers).map { self.clients(of: $0, part: part, assignment) }
        let counts = [0] + clients.map { $0.count * UpdateSlot.envelopeBytes }
        try transfers.enterCollective()
        let none = [ScaledSum.Levels](repeating: .none, count: terms.shape.scaled.count)
        guard let levels = try agree(on: none, unless: shouldAbort) else { return false }
        var gather = try communicator.startGatherv(
            Buffer(count: 0), into: Buffer<UInt8>(count: counts.reduce(0, +)), counts: counts, root: 0)
        var sum = pass(round, levels)
        // Zeros from here: the sum is the workers'.
        let isWhole = try reduce(
            sum.wordCount, unless: shouldAbort, from: { _ in },
            take: {
                tally.add($0, from: sum.passed, of: sum)
                sum.note($0)
            })
        guard isWhole, try !isGivenUp(&gather, shouldAbort) else {
            tally.dropWords()
            return false
        }
        let envelopes = try gather.wait().receive
        let sent = envelopes.count + workers * sum.wordCount * 8
        let cohort = Array(clients.joined())
        try transfers.endGather(bytes: sent, clients: cohort.count, isFirst: true, needsAll: true)
        let read = read(envelopes, of: cohort, round: round)
        transfers.timeline.enter(.aggregate)
        if tally.judge(sum, read, bytes: sent) { tally.endSum() } else { tally.dropWords() }
        return true
    }

    /// A pass over the words of a round's sum: with a codec of which all clients share the places, words of these.
    private func pass(_ round: RoundID, _ levels: [ScaledSum.Levels]) -> PartialSum {
        PartialSum(terms.shape, levels, at: format.compression?.sharedPlaces(of: format.updateFloats, round))
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
        guard try !isGivenUp(&request, shouldAbort) else { return nil }
        let agreed = try request.wait()
        guard let union = LevelWords.read(agreed.span) else { throw UpdateSlot.Defect.damagedSum }
        return union
    }

    /// Reduces the words of a sum in pieces, of which two are under way. Collective, unless it is given up.
    /// - Parameters:
    ///   - words: number of words.
    ///   - shouldAbort: asked while waiting; true leaves the reduction.
    ///   - write: writes this rank's words of the next piece, which are zeros.
    ///   - take: takes in what has become of a piece; on other ranks than 0 it is what was written.
    /// - Returns: false when it was given up.
    private func reduce(
        _ words: Int, unless shouldAbort: () throws -> Bool, from write: (inout MutableSpan<Int64>) -> Void,
        take: (Span<Int64>) -> Void
    ) throws -> Bool {
        var begun = 0
        func next() throws -> Request<Buffer<Int64>>? {
            guard begun < words else { return nil }
            var piece = Buffer<Int64>(count: min(PartialSum.pieceWords, words - begun))
            begun += piece.count
            var span = piece.mutableSpan
            write(&span)
            return try communicator.startReduce(piece, .sum, root: 0)
        }
        var current = try next()
        while var request = current.take() {
            current = try next()
            if try isGivenUp(&request, shouldAbort) { return false }
            let piece = try request.wait()
            take(piece.span)
        }
        return true
    }

    /// Waits for a request as this rank does, unless it is given up.
    private func isGivenUp<Payload: ~Copyable>(
        _ request: inout Request<Payload>, _ shouldAbort: () throws -> Bool
    ) throws -> Bool {
        communicator.rank == 0
            ? try request.isGivenUp(shouldAbort) : try Backoff.default.wait(for: &request, unless: shouldAbort)
    }

    /// Opens a worker's answer to an order. A message that is not made of envelopes, a sum and its levels, or is of
    /// another round or of clients that are not owed, is dropped as a whole.
    func open(
        _ answer: borrowing Buffer<UInt8>, pending: inout [Int], round: RoundID, into tally: any AnswerReceiver
    ) {
        guard var sum = self.sum(at: answer, round) else { return }
        let (sumBytes, levelBytes) = (sum.wordCount * 8, LevelWords.count(terms.shape) * 8)
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
            sum.note($0)
            guard tally.judge(sum, read, bytes: answer.count) else { return }
            tally.add($0, from: 0, of: sum)
            tally.endSum()
        }
    }

    /// Reads from the end of an answer the levels of its sum, and begins a pass over its words.
    /// - Returns: nil when the answer is too short for any, or they are no levels that can be.
    private func sum(at answer: borrowing Buffer<UInt8>, _ round: RoundID) -> PartialSum? {
        let count = LevelWords.count(terms.shape)
        guard answer.count >= count * 8 else { return nil }
        let levels = answer.withSpan(of: Int64.self, at: answer.count - count * 8, count: count) { LevelWords.read($0) }
        return levels.map { pass(round, $0) }
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
                    buffer, at: slot * UpdateSlot.envelopeBytes, client: client, round: round,
                    payloadBytes: 0...Self.largestClaim,
                    codec: .summed)
                read.append((client, .success(envelope)))
            } catch {
                read.append((client, .failure(error)))
            }
        }
        return read
    }

    // MARK: Worker

    /// All clients of an order in one message: a sum is one, or one for each edge.
    func answers(to clients: [Int]) -> [ArraySlice<Int>] {
        groups?.runs(of: clients) ?? (clients.isEmpty ? [] : [clients[...]])
    }

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
        var change = slot.intoBuffer()
        var result = result
        if result.status.hasUpdate {
            let refusal = change.withMutableSpan(of: Float.self, at: 0, count: format.updateFloats) {
                add(client, result, &$0)
            }
            if let refusal { result.status = refusal }
        }
        results.append((client, result, 0))
        self.slot = .some(change)
    }

    /// Takes in the sum of an edge's clients, and what it reports of each. O(floats).
    /// - Throws: `ExactSum.Refusal` when the edges together weigh more than all clients can.
    func put(_ edge: UpdateSum, _ reports: [EdgeAggregator.Report]) throws(ExactSum.Refusal) {
        try sum.add(edge)
        results += reports
    }

    func corrupt() { isToCorrupt = true }

    /// Sends envelopes and sum, or zeros where a part is another worker's. The sum is kept, because an order may ask for it.
    func send(_ clients: ArraySlice<Int>, unless shouldAbort: () throws -> Bool) throws {
        let isOwn = groups == nil || !clients.isEmpty
        let envelopes = isOwn ? envelopes(room: 0) : Buffer(count: 0)
        try transfers.enterCollective()
        guard let levels = try agree(on: sum.levels, unless: shouldAbort) else { return }
        var partial = pass(round, levels)
        let bytes = envelopes.count + partial.wordCount * 8
        var gather = try communicator.startGatherv(envelopes, into: Buffer(count: 0), counts: [], root: 0)
        let isWhole = try reduce(
            partial.wordCount, unless: shouldAbort, from: { if isOwn { partial.write(sum, to: &$0) } }, take: { _ in })
        guard isWhole, try !isGivenUp(&gather, shouldAbort) else { return }
        _ = try gather.wait()
        transfers.endGather(bytes: bytes, clients: isOwn ? results.count : 0)
    }

    /// Sends envelopes, sum and levels as one message.
    func answer(by send: (consuming Buffer<UInt8>) throws -> Buffer<UInt8>) throws {
        let envelopeBytes = results.count * UpdateSlot.envelopeBytes
        let levels = sum.levels
        var partial = pass(round, levels)
        let (words, levelWords) = (partial.wordCount, LevelWords.count(terms.shape))
        var message = envelopes(room: (words + levelWords) * 8)
        message.withMutableSpan(of: Int64.self, at: envelopeBytes, count: words) {
            partial.write(sum, to: &$0)
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
    private func add(_ client: Int, _ result: LocalResult, _ change: inout MutableSpan<Float>) -> UpdateStatus? {
        let envelope = UpdateSlot.Envelope(client: client, round: round, result: result, payloadBytes: 0)
        do {
            if format.payloadCode == .masked {
                change.span.withWords(terms.shape.plain) { sum.add(piece: $0, from: 0, levels: []) }
                return nil
            }
            try envelope.checkResult(samplesHeld: terms.samplesHeld(client))
            // What the server would have got of it by itself.
            _ = try format.compression?.passThrough(&change, of: client, round)
            try sum.add(change.span, weight: terms.weight(result.samples))
            return nil
        } catch let refusal as ExactSum.Refusal {
            return UpdateStatus(refusal)
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
                client: entry.client, round: round, result: entry.result, payloadBytes: entry.bytes)
            envelope.codec = .summed
            UpdateSlot.writeEnvelope(envelope, to: &buffer, at: slot * UpdateSlot.envelopeBytes)
        }
        if isToCorrupt, !results.isEmpty { buffer[8] ^= 0x10 }
        isToCorrupt = false
        return buffer
    }
}
