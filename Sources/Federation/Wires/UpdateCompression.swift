package import FedCore
import Runtime
import Synchronization

/// A run's codec, and the parts of an update that it encodes: the same on every rank.
///
/// The update proper is one *vector*, what a strategy sends beside it, such as SCAFFOLD's control variates, others: each
/// is encoded by itself, because they differ in size.
///
/// ```
/// the numbers that the codec leaves alone, Float32 │ each vector: its bytes as UInt32, its encoding
/// ```
///
/// The bytes are left out where encodings are equally long, and where there is one.
package struct UpdateCompression: Sendable {
    /// The codec.
    package let codec: any UpdateCodec
    /// The ranges of each vector among the numbers of an update, ascending.
    private let vectors: [[Range<Int>]]
    /// All these ranges, ascending. The other numbers cross as Float32.
    package let encoded: [Range<Int>]
    /// The tensors among the encoded numbers of a vector, ascending, and together all of them.
    package let tensors: [CodecTensor]
    /// The run's seed, for the random numbers of the codec.
    package let seed: UInt64
    /// The step of a ladder of codecs that is in use on this rank.
    package let level = CodecLevel()
    /// Numbers of a vector that the codec encodes.
    private let length: Int
    /// Bytes of the longest encoding of a vector.
    private let longest: Int

    /// Describes what is encoded.
    /// - Parameters:
    ///   - codec: the codec.
    ///   - encoded: ranges of the first vector, ascending.
    ///   - tensors: those among the encoded numbers of a vector; nil when all are of one vector.
    ///   - vectors: number of vectors.
    ///   - distance: numbers from the beginning of a vector to that of the next.
    ///   - seed: the run's seed.
    package init(
        _ codec: any UpdateCodec, encoded: [Range<Int>], tensors: [CodecTensor]? = nil, vectors: Int = 1,
        distance: Int = 0, seed: UInt64 = 0
    ) {
        self.codec = codec
        self.seed = seed
        self.vectors = (0..<vectors).map { vector in
            encoded.map { $0.lowerBound + vector * distance..<$0.upperBound + vector * distance }
        }
        self.encoded = self.vectors.flatMap { $0 }
        length = encoded.reduce(0) { $0 + $1.count }
        let length = length
        self.tensors = tensors ?? [CodecTensor(0..<length)]
        precondition(self.tensors.reduce(0) { $0 + $1.range.count } == length, "tensors are of the encoded numbers")
        longest = codec.capacity(count: length, tensors: self.tensors)
    }

    /// Number of vectors.
    package var vectorCount: Int { vectors.count }

    /// Numbers that the codec encodes.
    package var count: Int { vectors.count * length }

    /// Bytes of the longest encoding of all vectors.
    package var capacity: Int { vectors.count * (lengthBytes + longest) }

    /// Bytes that say how long the encoding of a vector is.
    private var lengthBytes: Int { codec.isFixedLength || vectors.count == 1 ? 0 : 4 }

    /// What the codec may know of a client's update.
    func context(_ client: Int, _ round: RoundID) -> CodecContext {
        var context = CodecContext(
            tensors: tensors, seed: seed, round: round.number, attempt: round.attempt, client: client)
        context.level = level.value
        return context
    }

    /// Copies the numbers of some ranges out of an update, in their order. O(numbers).
    private func gather(_ ranges: [Range<Int>], of update: Span<Float>, into numbers: inout MutableSpan<Float>) {
        var next = 0
        for range in ranges {
            for i in range {
                numbers[unchecked: next] = update[i]
                next += 1
            }
        }
    }

    /// Writes them back to their places. O(numbers).
    private func scatter(_ numbers: Span<Float>, to ranges: [Range<Int>], of update: inout MutableSpan<Float>) {
        var next = 0
        for range in ranges {
            for i in range {
                update[i] = numbers[unchecked: next]
                next += 1
            }
        }
    }

    /// Bytes of the numbers of an update that cross as Float32.
    func plainBytes(of floats: Int) -> Int { 4 * (floats - count) }

    /// The ranges of an update that cross as Float32, ascending.
    private func plain(of floats: Int) -> [Range<Int>] {
        zip([0] + encoded.map(\.upperBound), encoded.map(\.lowerBound) + [floats]).map { $0..<$1 }
    }

    /// Where the updates of a round can be other than zero once they are decoded, where that is known without them.
    /// - Parameters:
    ///   - floats: numbers of an update.
    ///   - round: number and attempt.
    /// - Returns: ascending places of an update's numbers; nil for any.
    /// - Complexity: O(places).
    func sharedPlaces(of floats: Int, _ round: RoundID) -> [Int]? {
        guard codec.hasSharedPlaces else { return nil }
        let chosen = codec.sharedPlaces(count: length, in: context(0, round))
        var places = plain(of: floats).flatMap { Array($0) }
        for ranges in vectors {
            var (range, before) = (0, 0)
            for place in chosen {
                while Int(place) - before >= ranges[range].count {
                    before += ranges[range].count
                    range += 1
                }
                places.append(ranges[range].lowerBound + Int(place) - before)
            }
        }
        return places.sorted()
    }

    /// Writes an update: first the numbers that the codec leaves alone, as Float32, then what it writes of each vector.
    /// - Parameters:
    ///   - numbers: the update.
    ///   - bytes: room for its plain bytes and the longest encoding.
    ///   - context: whose numbers they are.
    /// - Returns: bytes written.
    /// - Complexity: O(numbers); allocates room for a vector.
    func write(_ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>, _ context: CodecContext) -> Int {
        var place = 0
        for range in plain(of: numbers.count) {
            for i in range {
                bytes.store(numbers[i].bitPattern, at: place)
                place += 4
            }
        }
        var vector = [Float](repeating: 0, count: length)
        for ranges in vectors {
            var span = vector.mutableSpan
            gather(ranges, of: numbers, into: &span)
            let start = place + lengthBytes
            var rest = bytes.part(start..<start + longest)
            let byteCount = codec.encode(span.span, into: &rest, in: context)
            if lengthBytes > 0 { bytes.store(UInt32(byteCount), at: place) }
            place = start + byteCount
        }
        return place
    }

    /// Reads what ``write(_:into:_:)`` has written, each number to its place.
    /// - Parameters:
    ///   - bytes: the bytes that were written, which are not trusted.
    ///   - numbers: a vector as long as the one that was written.
    ///   - context: the one with which it was written.
    /// - Returns: what the encoded bytes say.
    /// - Throws: `CodecError` when the bytes are too few or too many, or the codec cannot read them.
    @discardableResult
    func read(
        _ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>, _ context: CodecContext
    ) throws(CodecError) -> CodedBytes {
        var place = plainBytes(of: numbers.count)
        guard bytes.count >= place else {
            throw CodecError("has \(bytes.count) bytes, fewer than the \(place) of its numbers that cross as they are")
        }
        var coded = CodedBytes()
        coded.scales = vectors.count * lengthBytes
        var vector = [Float](repeating: 0, count: length)
        for (index, ranges) in vectors.enumerated() {
            let encoding = try extent(of: index, in: bytes, from: place)
            var span = vector.mutableSpan
            coded += try codec.decode(bytes.extracting(encoding), into: &span, in: context)
            scatter(span.span, to: ranges, of: &numbers)
            place = encoding.upperBound
        }
        var source = 0
        for range in plain(of: numbers.count) {
            for i in range {
                numbers[i] = Float(bitPattern: bytes.load(UInt32.self, at: source))
                source += 4
            }
        }
        return coded
    }

    /// Where the encoding of a vector lies: to the end, for the last.
    /// - Parameters:
    ///   - vector: the vector's number.
    ///   - bytes: all bytes, which are not trusted.
    ///   - place: where the vector before ends.
    private func extent(of vector: Int, in bytes: Span<UInt8>, from place: Int) throws(CodecError) -> Range<Int> {
        guard vectors.count > 1 else { return place..<bytes.count }
        let start = place + lengthBytes
        guard start <= bytes.count else { throw CodecError("ends before its vector \(vector)") }
        let byteCount = lengthBytes == 0 ? longest : Int(bytes.load(UInt32.self, at: place))
        let isLast = vector == vectors.count - 1
        guard byteCount <= bytes.count - start, !isLast || byteCount == bytes.count - start else {
            throw CodecError("has \(bytes.count - start) bytes for its vector \(vector) of \(byteCount)")
        }
        return start..<start + byteCount
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
        let context = context(client, round)
        var coded = CodedBytes()
        coded.scales = vectors.count * lengthBytes
        var vector = [Float](repeating: 0, count: length)
        var bytes = [UInt8](repeating: 0, count: longest)
        for ranges in vectors {
            var span = vector.mutableSpan
            var encoding = bytes.mutableSpan
            gather(ranges, of: update.span, into: &span)
            let byteCount = codec.encode(span.span, into: &encoding, in: context)
            coded += try codec.decode(encoding.span.extracting(0..<byteCount), into: &span, in: context)
            scatter(span.span, to: ranges, of: &update)
        }
        return coded
    }
}

/// The level of a ladder of codecs that is in use on a rank (``Codecs/CodecLadder``): the server decides it, and frames
/// bring it to the others before they train.
package final class CodecLevel: Sendable {
    private let level = Mutex(0)

    /// The level, from 0, the coarsest.
    var value: Int {
        get { level.withLock { $0 } }
        set { level.withLock { $0 = newValue } }
    }
}
