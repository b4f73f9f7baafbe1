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
        buffer.withMutableSpan(of: Float.self, at: payload, count: plainBytes / 4) { span in
            var (next, end) = (0, 0)
            for range in (compression?.encoded ?? []) + [updateFloats..<updateFloats] {
                for i in end..<range.lowerBound {
                    span[next] = numbers[unchecked: i]
                    next += 1
                }
                end = range.upperBound
            }
        }
        var byteCount = plainBytes
        if let compression {
            var chosen = [Float](repeating: 0, count: compression.count)
            var span = chosen.mutableSpan
            compression.gather(numbers, into: &span)
            let encoded = span.span
            byteCount += buffer.withMutableSpan(
                of: UInt8.self, at: payload + plainBytes, count: compression.capacity
            ) { compression.codec.encode(encoded, into: &$0, in: compression.context(client, round)) }
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
                noted(try decode(bytes, of: sound.client, sound.round, by: compression, into: &span))
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

    /// Reads an update from its payload: the numbers that have crossed as they are, then those that were encoded, each
    /// to its place.
    /// - Returns: what the encoded bytes say.
    /// - Throws: `CodecError` when the payload is too short, or the codec cannot read it.
    private func decode(
        _ payload: Span<UInt8>, of client: Int, _ round: RoundID, by compression: UpdateCompression,
        into update: inout MutableSpan<Float>
    ) throws(CodecError) -> CodedBytes {
        guard payload.count >= plainBytes else {
            throw CodecError(
                "has \(payload.count) bytes, fewer than the \(plainBytes) of its numbers that cross as they are")
        }
        var decoded = [Float](repeating: 0, count: compression.count)
        var span = decoded.mutableSpan
        let coded = try compression.codec.decode(
            payload.extracting(plainBytes...), into: &span, in: compression.context(client, round))
        compression.scatter(span.span, into: &update)
        var (place, end) = (0, 0)
        for range in compression.encoded + [updateFloats..<updateFloats] {
            for i in end..<range.lowerBound {
                update[unchecked: i] = Float(bitPattern: payload.load(UInt32.self, at: place))
                place += 4
            }
            end = range.upperBound
        }
        return coded
    }
}
