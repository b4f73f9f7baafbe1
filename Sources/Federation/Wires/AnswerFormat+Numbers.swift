package import FedCore
package import MPI
import Runtime

// The numbers of an answer, between the form in which clients and server work with them and the form in which they
// cross.

extension AnswerFormat {
    /// Writes a client's numbers into a slot: the update, encoded if there is a codec, and the state.
    /// - Parameters:
    ///   - numbers: the update, and the state behind it, `[floats]`.
    ///   - client: whose they are.
    ///   - round: number and attempt.
    ///   - buffer: the message.
    ///   - offset: where the slot begins, in bytes.
    /// - Returns: bytes of the update as it is written.
    /// - Complexity: O(numbers); with a codec it allocates room for what is encoded.
    func write(
        _ numbers: Span<Float>, of client: Int, _ round: RoundID, to buffer: inout Buffer<UInt8>, at offset: Int
    ) -> Int {
        precondition(numbers.count == floats)
        let payload = offset + UpdateSlot.envelopeBytes
        let update = numbers.extracting(0..<updateFloats)
        let byteCount: Int
        if let compression {
            byteCount = buffer.withMutableSpan(of: UInt8.self, at: payload, count: capacity) {
                compression.write(update, into: &$0, compression.context(client, round))
            }
        } else {
            byteCount = capacity
            buffer.withMutableSpan(of: Float.self, at: payload, count: updateFloats) { span in
                for i in 0..<updateFloats { span[unchecked: i] = update[unchecked: i] }
            }
        }
        let state = payload + byteCount.roundedUp(toMultipleOf: 4)
        buffer.withMutableSpan(of: Float.self, at: state, count: stateFloats) { span in
            for i in 0..<stateFloats { span[unchecked: i] = numbers[unchecked: updateFloats + i] }
        }
        return byteCount
    }

    /// Gives the numbers of a slot to `body`, decoded if there is a codec. O(numbers); without a codec they are not
    /// copied.
    /// - Parameters:
    ///   - buffer: the message.
    ///   - offset: where the slot begins, in bytes.
    ///   - envelope: what the slot's envelope says, or what is wrong with it.
    ///   - noted: told what the bytes of an update that could be decoded say.
    ///   - body: called once. Its envelope is the one given, unless the update cannot be decoded. The numbers of a slot
    ///     that is not sound are any numbers.
    package func withNumbers<R>(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>,
        noting noted: (CodedBytes) -> Void = { _ in },
        _ body: (
            _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ update: Span<Float>, _ state: Span<Float>
        ) -> R
    ) -> R {
        let payload = offset + UpdateSlot.envelopeBytes
        guard let compression else {
            return buffer.withSpan(of: Float.self, at: payload, count: floats) {
                body(envelope, $0.extracting(0..<updateFloats), $0.extracting(updateFloats...))
            }
        }
        var update = [Float](repeating: 0, count: updateFloats)
        guard case .success(let sound) = envelope else {
            let state = [Float](repeating: 0, count: stateFloats)
            return body(envelope, update.span, state.span)
        }
        var checked = envelope
        do {
            try buffer.withSpan(of: UInt8.self, at: payload, count: sound.payloadBytes) { bytes throws(CodecError) in
                var span = update.mutableSpan
                noted(try compression.read(bytes, into: &span, compression.context(sound.client, sound.round)))
            }
        } catch {
            checked = .failure(.badPayload(error.description))
        }
        let state = payload + sound.payloadBytes.roundedUp(toMultipleOf: 4)
        return buffer.withSpan(of: Float.self, at: state, count: stateFloats) { body(checked, update.span, $0) }
    }

    /// Replaces the numbers of an update by what the server would get of them: in a run of one process they are encoded
    /// and decoded, too, so that it has the bits of a run over ranks. O(numbers); does nothing without a codec.
    /// - Parameters:
    ///   - numbers: the update, and perhaps a state behind it, which stays as it is.
    ///   - client: whose they are.
    ///   - round: number and attempt.
    /// - Returns: bytes of the update as it would cross, and what the encoded ones say.
    /// - Throws: `CodecError` when the codec cannot read what it has written.
    func passThrough(
        _ numbers: inout MutableSpan<Float>, of client: Int, _ round: RoundID
    ) throws(CodecError) -> (payloadBytes: Int, coded: CodedBytes) {
        guard let compression else { return (capacity, CodedBytes()) }
        let coded = try compression.passThrough(&numbers, of: client, round)
        return (plainBytes + coded.total, coded)
    }
}
