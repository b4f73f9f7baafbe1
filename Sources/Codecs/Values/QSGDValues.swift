public import FedCore

/// QSGD: in buckets of some numbers, each number is a whole number of s-th parts of the bucket's Euclidean norm, rounded
/// up or down at random so that its expectation is the number. A symbol of b bits is one of 2s + 1 = 2ᵇ − 1 values; beside
/// the symbols is the norm of each bucket (Float32).
///
/// D. Alistarh et al., *QSGD: Communication-Efficient SGD via Gradient Quantization and Encoding*, NIPS 2017,
/// section 3.1, arXiv:1610.02132: the variance is at most min(d / s², √d / s) ‖v‖² of a bucket of d numbers.
public struct QSGDValues: ValueStage {
    public static let name = "qsgd"
    public static let summary =
        "2 to 8 bits: parts of the norm of each bucket (512 numbers), rounded at random, unbiased"
    public static let paper = "Alistarh et al., QSGD: Communication-Efficient SGD via Gradient Quantization, NIPS 2017"
    public static let positional = ["bits"]

    /// Bits of a symbol, 2 … 8.
    public let bits: Int
    /// Numbers of a bucket, ≥ 1.
    public let bucket: Int

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        bits = try reader.integer("bits", default: 4, "from 2 to 8") { (2...8).contains($0) }
        bucket = try reader.integer("bucket", default: 512, "from 1 to 1048576") { (1...1 << 20).contains($0) }
    }

    /// Not biased, or by no more than a floating-point format rounds.
    public var isBiased: Bool { false }
    /// Levels s of a magnitude above zero.
    private var levels: Int { 1 << (bits - 1) - 1 }
    /// The levels of both signs, and zero.
    public var alphabet: Int { 2 * levels + 1 }
    /// A norm for each bucket.
    public func sideBytes(count: Int, tensors: Int) -> Int { 4 * ((count + bucket - 1) / bucket) }

    /// Rounds each number up or down at random, with a stream that only the client draws from. O(count).
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        precondition(symbols.count >= numbers.count)
        var random = context.clientStream(isForRounding: true)
        // Words for some whole buckets, or for one that is larger.
        let drawn = bucket * max(1, 4096 / bucket)
        var memory = [UInt32](repeating: 0, count: min(drawn, numbers.count))
        var words = memory.mutableSpan
        for first in stride(from: 0, to: numbers.count, by: drawn) {
            let last = min(first + drawn, numbers.count)
            var part = words.part(0..<last - first)
            random.fill(&part)
            for start in stride(from: first, to: last, by: bucket) {
                let range = start..<min(start + bucket, last)
                let norm = Float(VectorSums.squares(numbers, range).squareRoot())
                // Nothing is left of numbers so small that their norm has no inverse.
                let scale = norm >= .leastNormalMagnitude * 512 ? Float(levels) / norm : 0
                side.put(scale == 0 ? 0 : norm, at: 4 * (start / bucket))
                round(numbers, range, by: scale, words.span.extracting((start - first)...), into: &symbols)
            }
        }
    }

    /// Rounds the numbers of a bucket, each up or down by a random word.
    @inline(__always)
    /// Rounds the numbers of a bucket, each up or down by a random word. O(range).
    /// - Parameters:
    ///   - numbers: the update's.
    ///   - range: the bucket.
    ///   - scale: levels by the norm; 0 makes all numbers zero.
    ///   - words: one for each number, of which the highest 24 bits count.
    ///   - symbols: those of the range are written: the level with its sign, plus s.
    private func round(
        _ numbers: Span<Float>, _ range: Range<Int>, by scale: Float, _ words: Span<UInt32>,
        into symbols: inout MutableSpan<UInt8>
    ) {
        precondition(words.count >= range.count && range.upperBound <= numbers.count)
        let (levels, start) = (Float(levels), range.lowerBound)
        for i in range {
            let value = numbers[unchecked: i]
            // As RandomStream.uniform() makes it of a word.
            let uniform = Float(Int32(truncatingIfNeeded: words[unchecked: i &- start] >> 8)) * 0x1p-24
            // The floor of a number plus a uniform one below 1 is right in expectation. A Float of this size has no
            // fraction: adding rounds to the nearest.
            let sum = value.magnitude * scale + uniform
            let nearest = sum + 0x1p23 - 0x1p23
            let level = min(nearest > sum ? nearest - 1 : nearest, levels)
            let signed = Float(bitPattern: level.bitPattern ^ value.bitPattern & 0x8000_0000)
            symbols[unchecked: i] = UInt8(truncatingIfNeeded: (levels + signed + 0x1p23).bitPattern)
        }
    }

    /// Multiplies levels by the norms. O(count).
    public func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) {
        precondition(symbols.count >= numbers.count)
        let levels = Float(levels)
        for start in stride(from: 0, to: numbers.count, by: bucket) {
            let norm = side.float(at: 4 * (start / bucket))
            for i in start..<min(start + bucket, numbers.count) {
                numbers[unchecked: i] = (Float(symbols[unchecked: i]) - levels) / levels * norm
            }
        }
    }
}
