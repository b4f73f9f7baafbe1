import FedCore
package import MPI
import Runtime

/// How a client's answer lies in a message: an envelope, the update, and behind it the client's new state.
///
/// ```
/// 0   envelope, 64 bytes
/// 64  the update, as many bytes as the envelope says, at most `capacity`
/// …   the state, Float32, at the next multiple of 4
/// ```
///
/// Without a codec an update is its numbers as Float32. With one it is first the numbers that the codec leaves alone,
/// as Float32, then what the codec wrote of the others. A slot is as long as its answer, rounded up to a multiple of 64
/// bytes: always the same length (``hasOneLength``), or, with a codec whose encodings differ in length, at most
/// ``slotBytes``. The state is never encoded: a client's memory must come back as it was.
///
/// Derived from the job, alike on every rank, so that messages carry no description of themselves. docs/WIRE.md has
/// every byte.
package struct AnswerFormat: Sendable {
    /// Numbers of an update, as it is trained and summed.
    package let updateFloats: Int
    /// Numbers of a client's state; 0 when none crosses.
    package let stateFloats: Int
    /// What encodes the update; nil when it crosses as Float32.
    package let compression: UpdateCompression?

    /// Describes answers.
    /// - Parameters:
    ///   - updateFloats: numbers of an update.
    ///   - stateFloats: numbers of a client's state.
    ///   - compression: what encodes updates; nil for none.
    package init(updateFloats: Int, stateFloats: Int = 0, compression: UpdateCompression? = nil) {
        self.init(
            updateFloats: updateFloats, stateFloats: stateFloats, compression: compression,
            code: compression.map { PayloadCode($0.codec) } ?? .float32)
    }

    /// Describes answers of which the code is given.
    init(updateFloats: Int, stateFloats: Int = 0, compression: UpdateCompression? = nil, code: PayloadCode) {
        payloadCode = code
        self.updateFloats = updateFloats
        self.stateFloats = stateFloats
        self.compression = compression
        capacity = compression.map { $0.plainBytes(of: updateFloats) + $0.capacity } ?? 4 * updateFloats
    }

    /// Bytes that the longest update takes as it is written.
    package let capacity: Int

    /// Bytes of the numbers that cross as Float32.
    var plainBytes: Int { compression?.plainBytes(of: updateFloats) ?? 4 * updateFloats }

    /// Whether all slots are equally long, so that their places are known without a message.
    var hasOneLength: Bool { compression?.codec.isFixedLength ?? true }

    /// Bytes of the longest slot: a multiple of 64, so that every update is aligned, and buffers have room for any
    /// answer.
    package var slotBytes: Int { slotBytes(payloadBytes: capacity) }

    /// Bytes of the slot of an update that is written in so many bytes.
    func slotBytes(payloadBytes: Int) -> Int {
        UpdateSlot.envelopeBytes
            + (payloadBytes.roundedUp(toMultipleOf: 4) + 4 * stateFloats).roundedUp(toMultipleOf: 64)
    }

    /// Bytes of the longest answer as a real device would send it, which keeps its state: for the simulated link.
    package var uploadBytes: Int { uploadBytes(payloadBytes: capacity) }

    /// Bytes of an answer as a real device would send it, whose update is written in so many bytes.
    func uploadBytes(payloadBytes: Int) -> Int {
        UpdateSlot.envelopeBytes + payloadBytes.roundedUp(toMultipleOf: 64)
    }

    /// Bytes of an answer that has come, as a real device would have sent it: for the round's record. One that is
    /// damaged counts as the longest.
    package func uploadBytes(of envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>) -> Int {
        uploadBytes(payloadBytes: (try? envelope.get().payloadBytes) ?? capacity)
    }

    /// Numbers that a client's work writes: the update, and the state behind it.
    var floats: Int { updateFloats + stateFloats }

    /// The envelope of an answer.
    /// - Parameters:
    ///   - client: whose answer it is.
    ///   - round: number and attempt.
    ///   - result: what the client reports.
    ///   - payloadBytes: bytes of its update as it is written; nil for the longest.
    package func envelope(
        _ client: Int, _ round: RoundID, _ result: LocalResult, payloadBytes: Int? = nil
    ) -> UpdateSlot.Envelope {
        var envelope = UpdateSlot.Envelope(
            client: client, round: round, result: result, payloadBytes: payloadBytes ?? capacity)
        envelope.stateFloats = stateFloats
        envelope.codec = payloadCode
        // A client counts the seconds of the longest answer, before its own is encoded; whether it is late was decided
        // by those.
        if envelope.result.status.hasUpdate {
            envelope.result.simulatedSeconds -=
                Double(uploadBytes - uploadBytes(payloadBytes: envelope.payloadBytes)) * result.secondsPerByte
        }
        return envelope
    }

    /// The code in an envelope.
    let payloadCode: PayloadCode
}

extension AnswerFormat {
    /// Reads and checks the envelope of a slot that should hold a client's answer. O(slot): the checksum covers all.
    /// - Throws: `UpdateSlot.Defect` with the first rule of docs/WIRE.md that it breaks.
    package func readEnvelope(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, client: Int, round: RoundID
    ) throws(UpdateSlot.Defect) -> UpdateSlot.Envelope {
        try UpdateSlot.readEnvelope(
            buffer, at: offset, client: client, round: round,
            payloadBytes: (hasOneLength ? capacity : plainBytes)...capacity,
            stateFloats: stateFloats, codec: payloadCode)
    }

    /// Reads the envelope of a slot that should hold a client's answer, or finds what is wrong with the slot. O(slot).
    func open(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, client: Int, round: RoundID
    ) -> Result<UpdateSlot.Envelope, UpdateSlot.Defect> {
        do {
            return .success(try readEnvelope(buffer, at: offset, client: client, round: round))
        } catch {
            return .failure(error)
        }
    }

    /// Finds the slots of an answer that came point to point. A damaged one stands for the client whose turn it was;
    /// when the index that says where slots lie is damaged, so are all that are owed.
    /// - Parameters:
    ///   - answer: a message, which is not trusted.
    ///   - pending: the clients that the worker owes; what has come is taken out, what is not owed is dropped.
    ///   - round: the round of a client's work that is waited for; nil when none is.
    /// - Returns: whose the slots are, and where they lie. A place at the message's end is that of a slot that cannot
    ///   be found.
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

    /// Bytes of each slot of an answer that came point to point; nil when its index is damaged.
    private func slotLengths(of answer: borrowing Buffer<UInt8>) -> [Int]? {
        guard !hasOneLength else { return [Int](repeating: slotBytes, count: answer.count / slotBytes) }
        return answer.withSpan(of: UInt8.self, at: 0, count: answer.count) {
            SlotIndex.read($0, accepting: slotBytes(payloadBytes: 0)...slotBytes)
        }
    }
}

/// The index of answers of different lengths in a message that goes point to point, written behind them.
///
/// ```
/// n × UInt32 bytes of each slot   UInt32 n   UInt32 CRC-32C of the numbers before
/// ```
///
/// It lies at the end, because a worker knows the lengths only when all answers are written. It has a checksum of its
/// own: a wrong length would let one damaged slot hide all behind it.
enum SlotIndex {
    /// Bytes of the index of so many slots.
    static func byteCount(slots: Int) -> Int { 4 * slots + 8 }

    /// Writes an index.
    /// - Parameters:
    ///   - lengths: bytes of each slot.
    ///   - bytes: the place of the index, `[byteCount(slots: lengths.count)]`.
    static func write(_ lengths: [Int], to bytes: inout MutableSpan<UInt8>) {
        for (i, length) in (lengths + [lengths.count]).enumerated() { bytes.store(UInt32(length), at: 4 * i) }
        let end = 4 * lengths.count + 4
        bytes.store(CRC32C.of(bytes.span.bytes.extracting(..<end)), at: end)
    }

    /// Reads the index at a message's end.
    /// - Parameters:
    ///   - message: the whole message, which is not trusted.
    ///   - accepted: bytes that a slot can have.
    /// - Returns: bytes of each slot, which with the index make up the message; nil when the index is damaged.
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
