import MPI

/// Answers of some clients of one round, one behind another: what a worker sends, and keeps in case it has to send it
/// again. Its memory, room for as many of the longest answers, is used from round to round.
struct UpdateBatch: ~Copyable {
    private let format: AnswerFormat
    /// The round and the attempt that the answers are to.
    private(set) var round = RoundID(0)
    /// The clients whose answers are here, in the order in which they lie.
    private(set) var clients: [Int] = []
    /// The beginning of each client's slot in bytes, and the end of the last one.
    private var offsets = [0]
    /// Answers that there is room for, of the longest length.
    private var room: Int
    /// The answers; nil while they are sent or written to.
    private var buffer: Buffer<UInt8>?
    /// Memory for an answer that is then encoded; nil while one is written, and without a codec.
    private var staging: Buffer<UInt8>?

    /// Memory for so many answers.
    init(_ format: AnswerFormat, room: Int) {
        self.format = format
        self.room = room
        buffer = Buffer(count: room * format.slotBytes)
    }

    /// Bytes of the answers that are here.
    var byteCount: Int { offsets[clients.count] }

    /// Bytes of each slot, in the order of ``clients``.
    var lengths: [Int] { clients.indices.map { offsets[$0 + 1] - offsets[$0] } }

    /// Makes room for the answers of these clients.
    /// - Parameters:
    ///   - clients: clients of the part.
    ///   - round: number and attempt.
    ///   - isAnswer: whether they are sent as one message, so that there is room for these alone; those that are here
    ///     already, and sound, are kept. Otherwise it begins empty.
    mutating func begin(_ clients: ArraySlice<Int>, round: RoundID, isAnswer: Bool) {
        let kept = isAnswer ? self.clients.filter { clients.contains($0) && has($0, round: round) } : []
        let fits = isAnswer ? room == clients.count : room >= clients.count
        if let old = buffer.take() {
            if kept.isEmpty, fits {
                buffer = .some(old)
            } else {
                // What is kept lies elsewhere in it, or it is of another size.
                var new = Buffer<UInt8>(count: clients.count * format.slotBytes)
                var ends = [0]
                for client in kept {
                    guard let place = self.clients.firstIndex(of: client) else { continue }
                    let end = ends[ends.count - 1]
                    new.copy(offsets[place + 1] - offsets[place], from: old, at: offsets[place], to: end)
                    ends.append(end + offsets[place + 1] - offsets[place])
                }
                offsets = ends
                buffer = .some(new)
                room = clients.count
            }
        } else {
            // What it held was lost with work that was broken off.
            buffer = .some(Buffer(count: clients.count * format.slotBytes))
            room = clients.count
        }
        self.round = round
        self.clients = kept
        if kept.isEmpty { offsets = [0] }
    }

    /// Whether a client's answer of this round is here, and undamaged: `--inject corrupt` damages it here.
    private func has(_ client: Int, round: RoundID) -> Bool {
        guard round == self.round, let slot = clients.firstIndex(of: client) else { return false }
        switch buffer {
        case .some(let buffer):
            return
                (try? format.readEnvelope(buffer, at: offsets[slot], client: client, round: round)) != nil
        case .none: return false
        }
    }

    /// Lends the place of the next answer; `put` takes it back. With a codec it is memory beside the batch.
    /// - Precondition: there is room for one more.
    mutating func takeSlot() -> AnswerSlot {
        precondition(clients.count < room, "a batch of \(room) answers is full")
        guard format.compression != nil else {
            return AnswerSlot(take(), at: byteCount + UpdateSlot.envelopeBytes, floats: format.floats)
        }
        switch staging.take() {
        case .some(let lent): return AnswerSlot(lent, at: 0, floats: format.floats)
        case .none: return AnswerSlot(Buffer(count: 4 * format.floats), at: 0, floats: format.floats)
        }
    }

    /// Takes an answer whose numbers have been written, encodes it if there is a codec, and writes its envelope.
    /// - Parameters:
    ///   - slot: what ``takeSlot()`` has lent.
    ///   - client: whose answer it is.
    ///   - result: what the client reports.
    /// - Complexity: O(slot): the checksum covers all.
    mutating func put(_ slot: consuming AnswerSlot, of client: Int, _ result: LocalResult) {
        let start = byteCount
        var payloadBytes = format.capacity
        var buffer: Buffer<UInt8>
        if format.compression == nil {
            buffer = slot.intoBuffer()
        } else {
            buffer = take()
            let numbers = slot.intoBuffer()
            payloadBytes = numbers.withSpan(of: Float.self, at: 0, count: format.floats) {
                format.write($0, of: client, round, to: &buffer, at: start)
            }
            staging = .some(numbers)
        }
        UpdateSlot.writeEnvelope(
            format.envelope(client, round, result, payloadBytes: payloadBytes), to: &buffer, at: start)
        clients.append(client)
        offsets.append(start + format.slotBytes(payloadBytes: payloadBytes))
        giveBack(buffer)
    }

    /// Changes a byte of the first answer's envelope, to test that it is noticed.
    mutating func corrupt() {
        guard var buffer = self.buffer.take() else { return }
        if !clients.isEmpty { buffer[8] ^= 0x10 }
        self.buffer = .some(buffer)
    }

    /// Gives the memory away, to be sent; `giveBack` returns it.
    mutating func take() -> Buffer<UInt8> {
        guard let buffer = buffer.take() else { preconditionFailure("the batch is being sent") }
        return buffer
    }

    /// The answers as one message: the memory itself, or, where answers differ in length, a copy with an index of them.
    /// `sent` takes it back.
    mutating func message() -> Buffer<UInt8> {
        guard !format.hasOneLength else { return take() }
        let lengths = lengths
        let memory = take()
        let indexBytes = SlotIndex.byteCount(slots: lengths.count)
        var message = Buffer<UInt8>(count: byteCount + indexBytes)
        message.copy(byteCount, from: memory, at: 0, to: 0)
        message.withMutableSpan(of: UInt8.self, at: byteCount, count: indexBytes) { SlotIndex.write(lengths, to: &$0) }
        giveBack(memory)
        return message
    }

    /// Takes back what ``message()`` gave, after it was sent; a copy is dropped.
    mutating func sent(_ message: consuming Buffer<UInt8>) {
        if format.hasOneLength { giveBack(message) }
    }

    /// Takes the memory back from MPI.
    mutating func giveBack(_ buffer: consuming Buffer<UInt8>) {
        self.buffer = .some(buffer)
    }
}

extension Buffer where Element == UInt8 {
    /// Copies bytes from one buffer to another.
    fileprivate mutating func copy(_ count: Int, from other: borrowing Buffer<UInt8>, at start: Int, to place: Int) {
        other.withSpan(of: UInt8.self, at: start, count: count) { bytes in
            withMutableSpan(of: UInt8.self, at: place, count: count) { own in
                for i in 0..<count { own[unchecked: i] = bytes[unchecked: i] }
            }
        }
    }
}
