package import FedCore
import Runtime

/// A run's codec, and the part of an update that it encodes: the same on every rank.
package struct UpdateCompression: Sendable {
    /// The codec.
    package let codec: any UpdateCodec
    /// The ranges of the update that it encodes, ascending. The other numbers cross as Float32.
    package let encoded: [Range<Int>]
    /// The tensors among the encoded numbers, ascending, and together all of them.
    package let tensors: [CodecTensor]
    /// The run's seed, for the random numbers of the codec.
    package let seed: UInt64
    /// Numbers that the codec encodes.
    package let count: Int
    /// Bytes of the longest encoding.
    package let capacity: Int

    /// Describes what is encoded.
    /// - Parameters:
    ///   - codec: the codec.
    ///   - encoded: ranges of the update, ascending.
    ///   - tensors: those among the encoded numbers; nil when all are of one vector.
    ///   - seed: the run's seed.
    package init(_ codec: any UpdateCodec, encoded: [Range<Int>], tensors: [CodecTensor]? = nil, seed: UInt64 = 0) {
        self.codec = codec
        self.encoded = encoded
        self.seed = seed
        count = encoded.reduce(0) { $0 + $1.count }
        self.tensors = tensors ?? [CodecTensor(0..<count)]
        precondition(self.tensors.reduce(0) { $0 + $1.range.count } == count, "tensors are of the encoded numbers")
        capacity = codec.capacity(count: count, tensors: self.tensors)
    }

    /// What the codec may know of a client's update.
    func context(_ client: Int, _ round: RoundID) -> CodecContext {
        CodecContext(tensors: tensors, seed: seed, round: round.number, attempt: round.attempt, client: client)
    }

    /// Copies the numbers that are encoded out of an update, in their order. O(count).
    private func gather(_ update: Span<Float>, into numbers: inout MutableSpan<Float>) {
        var next = 0
        for range in encoded {
            for i in range {
                numbers[unchecked: next] = update[i]
                next += 1
            }
        }
    }

    /// Writes them back to their places. O(count).
    private func scatter(_ numbers: Span<Float>, into update: inout MutableSpan<Float>) {
        var next = 0
        for range in encoded {
            for i in range {
                update[i] = numbers[unchecked: next]
                next += 1
            }
        }
    }

    /// Bytes of the numbers of a vector that cross as Float32.
    func plainBytes(of floats: Int) -> Int { 4 * (floats - count) }

    /// The ranges of a vector that cross as Float32, ascending.
    private func plain(of floats: Int) -> [Range<Int>] {
        zip([0] + encoded.map(\.upperBound), encoded.map(\.lowerBound) + [floats]).map { $0..<$1 }
    }

    /// Writes a vector: first the numbers that the codec leaves alone, as Float32, then what it writes of the others.
    /// - Parameters:
    ///   - numbers: the vector.
    ///   - bytes: room for its plain bytes and the longest encoding.
    ///   - context: whose numbers they are.
    /// - Returns: bytes written.
    /// - Complexity: O(numbers); allocates room for what is encoded.
    func write(_ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>, _ context: CodecContext) -> Int {
        var place = 0
        for range in plain(of: numbers.count) {
            for i in range {
                bytes.store(numbers[i].bitPattern, at: place)
                place += 4
            }
        }
        var chosen = [Float](repeating: 0, count: count)
        var span = chosen.mutableSpan
        gather(numbers, into: &span)
        var rest = bytes.part(place..<place + capacity)
        return place + codec.encode(span.span, into: &rest, in: context)
    }

    /// Reads what ``write(_:into:_:)`` has written, each number to its place.
    /// - Parameters:
    ///   - bytes: the bytes that were written, which are not trusted.
    ///   - numbers: a vector as long as the one that was written.
    ///   - context: the one with which it was written.
    /// - Returns: what the encoded bytes say.
    /// - Throws: `CodecError` when the bytes are too few, or the codec cannot read them.
    @discardableResult
    func read(
        _ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>, _ context: CodecContext
    ) throws(CodecError) -> CodedBytes {
        let plainBytes = plainBytes(of: numbers.count)
        guard bytes.count >= plainBytes else {
            throw CodecError(
                "has \(bytes.count) bytes, fewer than the \(plainBytes) of its numbers that cross as they are")
        }
        var decoded = [Float](repeating: 0, count: count)
        var span = decoded.mutableSpan
        let coded = try codec.decode(bytes.extracting(plainBytes...), into: &span, in: context)
        scatter(span.span, into: &numbers)
        var place = 0
        for range in plain(of: numbers.count) {
            for i in range {
                numbers[i] = Float(bitPattern: bytes.load(UInt32.self, at: place))
                place += 4
            }
        }
        return coded
    }

    /// Replaces the encoded numbers of an update by what the server would get of them. O(count).
    /// - Parameters:
    ///   - update: at least as long as the encoded ranges say; the other numbers stay as they are.
    ///   - client: whose update it is.
    ///   - round: number and attempt.
    /// - Returns: bytes of the encoding, by what they say.
    /// - Throws: `CodecError` when the codec cannot read what it has written.
    @discardableResult
    func passThrough(
        _ update: inout MutableSpan<Float>, of client: Int, _ round: RoundID
    ) throws(CodecError) -> CodedBytes {
        var numbers = [Float](repeating: 0, count: count)
        var bytes = [UInt8](repeating: 0, count: capacity)
        var span = numbers.mutableSpan
        var encoding = bytes.mutableSpan
        let context = context(client, round)
        gather(update.span, into: &span)
        let byteCount = codec.encode(span.span, into: &encoding, in: context)
        let coded = try codec.decode(encoding.span.extracting(0..<byteCount), into: &span, in: context)
        scatter(span.span, into: &update)
        return coded
    }
}
