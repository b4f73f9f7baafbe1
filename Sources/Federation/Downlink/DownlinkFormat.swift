import FedCore
import Runtime

/// How weights go down in coded form (`--compress-down`): the same on every rank.
///
/// ```
/// 0   what the codec leaves alone of the frame's numbers, Float32: running statistics, the strategy's vectors
/// …   what the codec wrote of the others, to the end
/// ```
///
/// A lossy codec is given the change since the message before, as the clients have it, a lossless one the weights
/// themselves.
struct DownlinkFormat: Sendable {
    /// The codec, and which numbers of a frame it encodes.
    let compression: UpdateCompression
    /// Numbers of a frame: the federated weights, and what the strategy sends beside them.
    let floats: Int
    /// The client that encodings are drawn for: one that there is not, since all get the same.
    private let everyone: Int

    /// Describes coded weights.
    /// - Parameters:
    ///   - compression: the codec, over the federated weights that it encodes.
    ///   - floats: numbers of a frame.
    ///   - clients: clients of the run.
    init(_ compression: UpdateCompression, floats: Int, clients: Int) {
        self.compression = compression
        self.floats = floats
        everyone = clients
    }

    /// Whether what is encoded is a change of what the clients have.
    var sendsChanges: Bool { !compression.codec.isLossless }

    /// Bytes of the longest message.
    var capacity: Int { 4 * (floats - compression.count) + compression.capacity }

    /// Encodes what goes down. O(floats).
    /// - Parameters:
    ///   - down: what the server has, `[floats]`.
    ///   - known: what the clients have, `[floats]`.
    ///   - round: number and attempt, from which the codec's random numbers follow.
    /// - Returns: the message, at most ``capacity`` bytes.
    func encode(_ down: Span<Float>, known: Span<Float>, _ round: RoundID) -> [UInt8] {
        var numbers = [Float](repeating: 0, count: compression.count)
        var span = numbers.mutableSpan
        compression.gather(down, into: &span)
        if sendsChanges {
            var next = 0
            for range in compression.encoded {
                for i in range {
                    span[unchecked: next] -= known[unchecked: i]
                    next += 1
                }
            }
        }
        var bytes = [UInt8](repeating: 0, count: capacity)
        var all = bytes.mutableSpan
        var end = 0
        forEachPlain { i in
            all.store(down[i].bitPattern, at: end)
            end += 4
        }
        var rest = all.part(end...)
        end += compression.codec.encode(span.span, into: &rest, in: compression.context(everyone, round))
        bytes.removeLast(bytes.count - end)
        return bytes
    }

    /// Reads a message. O(floats).
    /// - Parameters:
    ///   - bytes: the message.
    ///   - known: what the clients had, `[floats]`, and have afterwards; undefined when it throws.
    ///   - round: number and attempt.
    /// - Throws: `CodecError` when the message is not of this form.
    func decode(_ bytes: Span<UInt8>, into known: inout MutableSpan<Float>, _ round: RoundID) throws(CodecError) {
        let plainBytes = 4 * (floats - compression.count)
        guard bytes.count >= plainBytes else {
            throw CodecError(
                "has \(bytes.count) bytes, fewer than the \(plainBytes) of its numbers that cross as they are")
        }
        var numbers = [Float](repeating: 0, count: compression.count)
        var span = numbers.mutableSpan
        try compression.codec.decode(
            bytes.extracting(plainBytes...), into: &span, in: compression.context(everyone, round))
        if sendsChanges {
            var next = 0
            for range in compression.encoded {
                for i in range {
                    span[unchecked: next] += known[unchecked: i]
                    next += 1
                }
            }
        }
        compression.scatter(span.span, into: &known)
        var place = 0
        forEachPlain { i in
            known[i] = Float(bitPattern: bytes.load(UInt32.self, at: place))
            place += 4
        }
    }

    /// Visits the numbers of a frame that the codec leaves alone, ascending.
    private func forEachPlain(_ body: (Int) -> Void) {
        var end = 0
        for range in compression.encoded + [floats..<floats] {
            for i in end..<range.lowerBound { body(i) }
            end = range.upperBound
        }
    }
}
