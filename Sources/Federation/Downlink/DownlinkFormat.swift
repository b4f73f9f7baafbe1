import FedCore

/// How weights go down in coded form (`--compress-down`): the same on every rank.
///
/// ```
/// 0   what the codec leaves alone of the frame's numbers, Float32: running statistics
/// …   what the codec wrote of the others, to the end: of the weights, and of each of the strategy's vectors
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

    /// The numbers that cross as changes of what the clients have: none where the codec is lossless.
    private var changed: [Range<Int>] { compression.codec.isLossless ? [] : compression.encoded }

    /// Bytes of the longest message.
    var capacity: Int { compression.plainBytes(of: floats) + compression.capacity }

    /// Encodes what goes down. O(floats).
    /// - Parameters:
    ///   - down: what the server has, `[floats]`.
    ///   - known: what the clients have, `[floats]`.
    ///   - round: number and attempt, from which the codec's random numbers follow.
    /// - Returns: the message, at most ``capacity`` bytes.
    func encode(_ down: Span<Float>, known: Span<Float>, _ round: RoundID) -> [UInt8] {
        var numbers = [Float](repeating: 0, count: floats)
        var span = numbers.mutableSpan
        for i in 0..<floats { span[unchecked: i] = down[i] }
        for range in changed { for i in range { span[i] -= known[i] } }
        var bytes = [UInt8](repeating: 0, count: capacity)
        var message = bytes.mutableSpan
        let end = compression.write(span.span, into: &message, compression.context(everyone, round))
        bytes.removeLast(bytes.count - end)
        return bytes
    }

    /// Reads a message. O(floats).
    /// - Parameters:
    ///   - bytes: the message.
    ///   - known: what the clients had, `[floats]`, and have afterwards; untouched when it throws.
    ///   - round: number and attempt.
    /// - Throws: `CodecError` when the message is not of this form.
    func decode(_ bytes: Span<UInt8>, into known: inout MutableSpan<Float>, _ round: RoundID) throws(CodecError) {
        var numbers = [Float](repeating: 0, count: floats)
        var span = numbers.mutableSpan
        try compression.read(bytes, into: &span, compression.context(everyone, round))
        for range in changed { for i in range { span[i] += known[i] } }
        for i in 0..<floats { known[i] = span[unchecked: i] }
    }
}
