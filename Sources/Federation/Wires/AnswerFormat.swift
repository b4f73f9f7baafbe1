package import FedCore
package import MPI
import Runtime

/// How a client's answer lies in a message: an envelope, the update, and behind it the client's new state.
///
/// ```
/// 0   envelope, 64 bytes
/// 64  the update, as many bytes as the envelope says, at most `capacity`
/// …   the state, Float32, at the next multiple of 4
/// ```
/// Without a codec an update is its numbers as Float32. With one it is first the numbers that the codec leaves alone, as
/// Float32, then what the codec wrote of the others. A slot is as long as its answer, rounded up to a multiple of 64 bytes:
/// always the same length (``hasOneLength``), or, with a codec whose encodings differ in length, at most ``slotBytes``. The state
/// is never encoded.
package struct AnswerFormat: Sendable {
    /// Numbers of an update, as it is trained and summed.
    package let updateFloats: Int
    /// Numbers of a client's state; 0: none crosses.
    package let stateFloats: Int
    /// What encodes the update; nil: it crosses as Float32.
    package let codec: (any UpdateCodec)?
    /// Where the numbers that the codec encodes lie in the update, ascending. The others cross as Float32.
    package let encoded: [Range<Int>]

    package init(
        updateFloats: Int, stateFloats: Int = 0, codec: (any UpdateCodec)? = nil, encoded: [Range<Int>] = []
    ) {
        self.updateFloats = updateFloats
        self.stateFloats = stateFloats
        self.codec = codec
        self.encoded = encoded
    }

    /// Numbers that the codec encodes.
    var encodedFloats: Int { codec == nil ? 0 : encoded.reduce(0) { $0 + $1.count } }

    /// Bytes that the longest update takes as it is written.
    package var capacity: Int {
        4 * (updateFloats - encodedFloats) + (codec?.capacity(count: encodedFloats) ?? 0)
    }

    /// Whether all slots are equally long.
    var hasOneLength: Bool { codec.map { type(of: $0).isFixedLength } ?? true }

    /// Bytes of the longest slot: a multiple of 64, so that every update is aligned.
    package var slotBytes: Int { slotBytes(payloadBytes: capacity) }

    /// Bytes of the slot of an update of so many bytes.
    func slotBytes(payloadBytes: Int) -> Int {
        UpdateSlot.envelopeBytes
            + (payloadBytes.roundedUp(toMultipleOf: 4) + 4 * stateFloats).roundedUp(toMultipleOf: 64)
    }

    /// Bytes of a client's answer, the longest, on a device of its own, which keeps its state.
    package var uploadBytes: Int { uploadBytes(payloadBytes: capacity) }

    /// As ``uploadBytes``, of an update of so many bytes.
    func uploadBytes(payloadBytes: Int) -> Int {
        UpdateSlot.envelopeBytes + payloadBytes.roundedUp(toMultipleOf: 64)
    }

    /// As ``uploadBytes``, of an answer that has come. One that is damaged counts as the longest.
    package func uploadBytes(of envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>) -> Int {
        uploadBytes(payloadBytes: (try? envelope.get().payloadBytes) ?? capacity)
    }

    /// The numbers that a client's work is written to: the update, and the state behind it.
    var floats: Int { updateFloats + stateFloats }

    /// The envelope of an answer.
    /// - Parameter payloadBytes: Of its update; nil: `capacity`.
    package func envelope(
        _ client: Int, _ round: RoundID, _ result: LocalResult, payloadBytes: Int? = nil
    ) -> UpdateSlot.Envelope {
        var envelope = UpdateSlot.Envelope(
            client: client, round: round, result: result, payloadBytes: payloadBytes ?? capacity)
        envelope.stateFloats = stateFloats
        envelope.codec = payloadCode
        return envelope
    }

    private var payloadCode: PayloadCode { codec.map { PayloadCode(type(of: $0)) } ?? .float32 }
}

extension AnswerFormat {
    /// Reads and checks the envelope of a slot that should hold a client's answer. O(slot).
    package func readEnvelope(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, client: Int, round: RoundID
    ) throws(UpdateSlot.Defect) -> UpdateSlot.Envelope {
        try UpdateSlot.readEnvelope(
            buffer, at: offset, client: client, round: round,
            payloadBytes: (hasOneLength ? capacity : 4 * (updateFloats - encodedFloats))...capacity,
            stateFloats: stateFloats, codec: payloadCode)
    }

    /// The envelope of a slot that should hold a client's answer, or what is wrong with the slot. O(slot).
    func open(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, client: Int, round: RoundID
    ) -> Result<UpdateSlot.Envelope, UpdateSlot.Defect> {
        do {
            return .success(try readEnvelope(buffer, at: offset, client: client, round: round))
        } catch {
            return .failure(error)
        }
    }

    /// Finds the slots of an answer that came point to point. A damaged one stands for the client whose turn it was; when where
    /// they lie is damaged, all that is owed is.
    /// - Parameters:
    ///   - pending: The clients that the worker owes; what has come is taken out, what is not owed is dropped.
    ///   - round: Round of a client's work that is waited for; nil: none is.
    /// - Returns: Whose they are, and where they lie.
    func slots(
        of answer: borrowing Buffer<UInt8>, pending: inout [Int], round: (_ client: Int) -> RoundID?
    ) -> [(client: Int, round: RoundID, offset: Int)] {
        var slots: [(client: Int, round: RoundID, offset: Int)] = []
        // Answers of another exchange, perhaps of another length, do not count.
        guard answer.count >= slotBytes(payloadBytes: hasOneLength ? capacity : 0) else { return [] }
        if let first = UpdateSlot.owner(answer, at: 0), first.round != round(first.client) { return [] }
        guard let lengths = slotLengths(of: answer) else {
            for client in pending { if let due = round(client) { slots.append((client, due, answer.count)) } }
            pending.removeAll { round($0) != nil }
            return slots
        }
        var end = 0
        for length in lengths {
            let offset = end
            end += length
            let owner = UpdateSlot.owner(answer, at: offset)
            guard let client = owner?.client ?? pending.first, let index = pending.firstIndex(of: client),
                let due = round(client), owner.map({ $0.round == due }) ?? true
            else { continue }
            pending.remove(at: index)
            slots.append((client, due, offset))
        }
        return slots
    }

    /// Bytes of each slot of an answer that came point to point; nil when that is damaged.
    private func slotLengths(of answer: borrowing Buffer<UInt8>) -> [Int]? {
        guard !hasOneLength else { return [Int](repeating: slotBytes, count: answer.count / slotBytes) }
        return answer.withSpan(of: UInt8.self, at: 0, count: answer.count) {
            SlotIndex.read($0, accepting: slotBytes(payloadBytes: 0)...slotBytes)
        }
    }
}

/// Where answers of different lengths end in a message that goes point to point, written behind them.
///
/// ```
/// n × UInt32 bytes of each slot   UInt32 n   UInt32 CRC-32C of the numbers before
/// ```
enum SlotIndex {
    static func byteCount(slots: Int) -> Int { 4 * slots + 8 }

    /// - Parameter bytes: `byteCount(slots: lengths.count)` of them.
    static func write(_ lengths: [Int], to bytes: inout MutableSpan<UInt8>) {
        for (i, length) in (lengths + [lengths.count]).enumerated() { bytes.store(UInt32(length), at: 4 * i) }
        let end = 4 * lengths.count + 4
        bytes.store(CRC32C.of(bytes.span.bytes.extracting(..<end)), at: end)
    }

    /// - Parameter accepted: Bytes that a slot can have.
    /// - Returns: Bytes of each slot, which with the index make up the message; nil when the index is damaged.
    static func read(_ message: Span<UInt8>, accepting accepted: ClosedRange<Int>) -> [Int]? {
        guard message.count >= byteCount(slots: 0) else { return nil }
        let count = Int(message.load(UInt32.self, at: message.count - 8))
        guard byteCount(slots: count) <= message.count else { return nil }
        let start = message.count - byteCount(slots: count)
        let sum = message.load(UInt32.self, at: message.count - 4)
        guard CRC32C.of(message.bytes.extracting(start..<message.count - 4)) == sum else { return nil }
        let lengths = (0..<count).map { Int(message.load(UInt32.self, at: start + 4 * $0)) }
        guard lengths.allSatisfy({ accepted.contains($0) }), lengths.reduce(0, +) == start else { return nil }
        return lengths
    }
}
