import CVectors

/// Numbers of the normal distribution from a secret stream, added to floats.
///
/// They are computed in single precision. Who gets the *sum* with other floats to its last bits may learn something from how it was
/// rounded (I. Mironov, *On Significance of the Least Significant Bits for Differential Privacy*, CCS 2012); where single releases
/// are all that there is, noise on whole numbers avoids that.
public struct NormalNoise: ~Copyable {
    private var stream: KeyStream
    /// Random words of a chunk, and the spare ones behind them.
    private var words = [UInt32](repeating: 0, count: chunk + Int(VECTORS_SPARE_WORDS))
    /// A chunk of numbers, where those to be changed are fewer.
    private var room = [Float](repeating: 0, count: chunk)

    /// Numbers that are made at a time: their words stay in the nearest cache.
    private static let chunk = 4096

    /// Draws from a stream.
    public init(_ stream: consuming KeyStream) { self.stream = stream }

    /// Adds noise to floats, and multiplies the sums: values ← (values + deviation·z)·factor with z ~ N(0, I).
    /// - Parameters:
    ///   - values: the floats.
    ///   - deviation: standard deviation of the noise, ≥ 0.
    ///   - factor: what the sums are multiplied by.
    /// - Complexity: O(values), about a nanosecond each with AVX2.
    public mutating func add(to values: inout MutableSpan<Float>, deviation: Float, factor: Float) {
        let count = values.count
        // Out of the struct while the stream, another part of it, writes there.
        var words: [UInt32] = []
        swap(&words, &self.words)
        defer { swap(&words, &self.words) }
        for start in stride(from: 0, to: count, by: Self.chunk) {
            let some = min(Self.chunk, count - start)
            for i in 0..<some { room[i] = values[unchecked: start &+ i] }
            // Whole lots; what is beyond the values is thrown away.
            let lot = Int(VECTORS_NORMALS)
            let drawn = (some + lot - 1) / lot * lot
            var drawnWords = words.mutableSpan
            stream.fill(&drawnWords)
            let isFast = vectors_are_fast()
            words.withUnsafeBufferPointer { words in
                room.withUnsafeMutableBufferPointer { room in
                    if isFast {
                        vectors_add_normals(words.baseAddress, drawn, deviation, factor, room.baseAddress)
                    } else {
                        vectors_add_normals_singly(words.baseAddress, drawn, deviation, factor, room.baseAddress)
                    }
                }
            }
            for i in 0..<some { values[unchecked: start &+ i] = room[i] }
        }
    }
}
