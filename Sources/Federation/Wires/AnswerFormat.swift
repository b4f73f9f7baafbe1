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
/// Slots of one size lie one behind another, so that a damaged answer hides no other. How long an update is says its
/// envelope: an encoding that shortens updates changes `capacity`, and no wire. The state is never encoded.
package struct AnswerFormat: Sendable, Equatable {
    /// Numbers of an update, as it is trained and summed.
    package let updateFloats: Int
    /// Numbers of a client's state; 0: none crosses.
    package let stateFloats: Int

    package init(updateFloats: Int, stateFloats: Int = 0) {
        self.updateFloats = updateFloats
        self.stateFloats = stateFloats
    }

    /// Bytes that the longest update takes as it is written.
    package var capacity: Int { 4 * updateFloats }

    /// Bytes of one slot: a multiple of 64, so that every update is aligned.
    package var slotBytes: Int {
        UpdateSlot.envelopeBytes + (capacity + 4 * stateFloats).roundedUp(toMultipleOf: 64)
    }

    /// Bytes of a client's answer on a device of its own, which keeps its state.
    package var uploadBytes: Int { AnswerFormat(updateFloats: updateFloats).slotBytes }

    /// The numbers that a client's work is written to: the update, and the state behind it.
    var floats: Int { updateFloats + stateFloats }

    /// The envelope of an answer that fills a slot.
    package func envelope(_ client: Int, _ round: RoundID, _ result: LocalResult) -> UpdateSlot.Envelope {
        var envelope = UpdateSlot.Envelope(client: client, round: round, result: result, payloadBytes: capacity)
        envelope.stateFloats = stateFloats
        return envelope
    }
}

extension AnswerFormat {
    /// Reads and checks the envelope of a slot that should hold a client's answer. O(slot).
    package func readEnvelope(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, client: Int, round: RoundID
    ) throws(UpdateSlot.Defect) -> UpdateSlot.Envelope {
        try UpdateSlot.readEnvelope(
            buffer, at: offset, client: client, round: round, payloadBytes: capacity, stateFloats: stateFloats)
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

    /// Gives the numbers of a slot, sound or not, to `body`.
    package func withNumbers<R>(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, _ body: (_ update: Span<Float>, _ state: Span<Float>) -> R
    ) -> R {
        buffer.withSpan(of: Float.self, at: offset + UpdateSlot.envelopeBytes, count: floats) {
            body($0.extracting(0..<updateFloats), $0.extracting(updateFloats...))
        }
    }

    /// Finds the slots of an answer that came point to point. A damaged one stands for the client whose turn it was.
    /// - Parameters:
    ///   - pending: the clients that the worker owes; what has come is taken out, what is not owed is dropped.
    ///   - round: of a client's work that is waited for; nil: nothing is.
    /// - Returns: whose they are, and where they lie.
    func slots(
        of answer: borrowing Buffer<UInt8>, pending: inout [Int], round: (_ client: Int) -> RoundID?
    ) -> [(client: Int, round: RoundID, offset: Int)] {
        var slots: [(client: Int, round: RoundID, offset: Int)] = []
        // Answers of another exchange, perhaps of another length, do not count.
        guard answer.count >= slotBytes else { return [] }
        if let first = UpdateSlot.owner(answer, at: 0), first.round != round(first.client) { return [] }
        for offset in stride(from: 0, to: answer.count / slotBytes * slotBytes, by: slotBytes) {
            let owner = UpdateSlot.owner(answer, at: offset)
            guard let client = owner?.client ?? pending.first, let index = pending.firstIndex(of: client),
                let due = round(client), owner.map({ $0.round == due }) ?? true
            else { continue }
            pending.remove(at: index)
            slots.append((client, due, offset))
        }
        return slots
    }
}
