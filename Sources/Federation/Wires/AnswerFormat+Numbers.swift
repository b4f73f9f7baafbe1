import FedCore
package import MPI
import Runtime

// The numbers of an answer, between the form in which clients and server work with them and the form in which they
// cross.

extension AnswerFormat {
    /// Writes a client's numbers into a slot: the update, encoded if there is a codec, and the state.
    /// - Parameters:
    ///   - numbers: the update, and the state behind it, `[floats]`.
    ///   - buffer: the message.
    ///   - offset: where the slot begins, in bytes.
    /// - Returns: bytes of the update as it is written.
    /// - Complexity: O(numbers); with a codec it allocates room for what is encoded.
    func write(_ numbers: Span<Float>, to buffer: inout Buffer<UInt8>, at offset: Int) -> Int {
        precondition(numbers.count == floats)
        let payload = offset + UpdateSlot.envelopeBytes
        let (plain, chosen) = split(numbers)
        buffer.withMutableSpan(of: Float.self, at: payload, count: plain.count) { span in
            for i in 0..<plain.count { span[unchecked: i] = plain[i] }
        }
        var byteCount = 4 * plain.count
        if let codec {
            let start = payload + byteCount
            byteCount += buffer.withMutableSpan(of: UInt8.self, at: start, count: codec.capacity(count: chosen.count)) {
                codec.encode(chosen.span, into: &$0)
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
    ///   - body: called once. Its envelope is the one given, unless the update cannot be decoded. The numbers of a slot
    ///     that is not sound are any numbers.
    package func withNumbers<R>(
        _ buffer: borrowing Buffer<UInt8>, at offset: Int, _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>,
        _ body: (
            _ envelope: Result<UpdateSlot.Envelope, UpdateSlot.Defect>, _ update: Span<Float>, _ state: Span<Float>
        ) -> R
    ) -> R {
        let payload = offset + UpdateSlot.envelopeBytes
        guard codec != nil else {
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
                try decode(bytes, into: &span)
            }
        } catch {
            checked = .failure(.badPayload(error.description))
        }
        let state = payload + sound.payloadBytes.roundedUp(toMultipleOf: 4)
        return buffer.withSpan(of: Float.self, at: state, count: stateFloats) { body(checked, update.span, $0) }
    }

    /// Replaces the numbers of an update by what the server would get of them: in a run of one process they are encoded
    /// and decoded, too, so that it has the bits of a run over ranks. O(numbers); does nothing without a codec.
    /// - Parameter numbers: the update, and perhaps a state behind it, which stays as it is.
    /// - Returns: bytes of the update as it would cross.
    /// - Throws: `CodecError` when the codec cannot read what it has written.
    func passThrough(_ numbers: inout MutableSpan<Float>) throws(CodecError) -> Int {
        guard let codec else { return capacity }
        let (plain, chosen) = split(numbers.span)
        var bytes = [UInt8](repeating: 0, count: codec.capacity(count: chosen.count))
        var decoded = chosen
        var encoding = bytes.mutableSpan
        let byteCount = codec.encode(chosen.span, into: &encoding)
        var span = decoded.mutableSpan
        try codec.decode(bytes.span.extracting(0..<byteCount), into: &span)
        var next = 0
        for range in encoded {
            for i in range {
                numbers[unchecked: i] = decoded[next]
                next += 1
            }
        }
        return 4 * plain.count + byteCount
    }

    /// Divides an update into the numbers that cross as they are, and those that the codec encodes, each in their
    /// order.
    private func split(_ numbers: Span<Float>) -> (plain: [Float], encoded: [Float]) {
        var (plain, chosen): ([Float], [Float]) = ([], [])
        plain.reserveCapacity(updateFloats - encodedFloats)
        chosen.reserveCapacity(encodedFloats)
        var end = 0
        for range in encoded + [updateFloats..<updateFloats] {
            for i in end..<range.lowerBound { plain.append(numbers[unchecked: i]) }
            for i in range { chosen.append(numbers[unchecked: i]) }
            end = range.upperBound
        }
        return (plain, chosen)
    }

    /// Reads an update from its payload: the numbers that have crossed as they are, then those that were encoded, each
    /// to its place.
    /// - Throws: `CodecError` when the payload is too short, or the codec cannot read it.
    private func decode(_ payload: Span<UInt8>, into update: inout MutableSpan<Float>) throws(CodecError) {
        guard let codec else { preconditionFailure("without a codec nothing is decoded") }
        let plainBytes = 4 * (updateFloats - encodedFloats)
        guard payload.count >= plainBytes else {
            throw CodecError(
                "has \(payload.count) bytes, fewer than the \(plainBytes) of its numbers that cross as they are")
        }
        var decoded = [Float](repeating: 0, count: encodedFloats)
        var span = decoded.mutableSpan
        try codec.decode(payload.extracting(plainBytes...), into: &span)
        var (place, next, end) = (0, 0, 0)
        for range in encoded + [updateFloats..<updateFloats] {
            for i in end..<range.lowerBound {
                update[unchecked: i] = Float(bitPattern: payload.load(UInt32.self, at: place))
                place += 4
            }
            for i in range {
                update[unchecked: i] = decoded[next]
                next += 1
            }
            end = range.upperBound
        }
    }
}
