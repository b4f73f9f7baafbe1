public import FedCore

/// EDEN: each block of the update is rotated at random, so that its numbers are nearly normal, each is rounded to a level
/// of the quantiser that is best for the normal, and a scale makes the whole unbiased. Beside the symbols is a scale for
/// each block (Float32).
///
/// S. Vargaftik et al., *DRIVE: One-bit Distributed Mean Estimation*, NeurIPS 2021, arXiv:2105.08339, and *EDEN:
/// Communication-Efficient and Robust Distributed Mean Estimation for Federated Learning*, ICML 2022, arXiv:2108.08842,
/// algorithm 1: S = ‖x‖² / ⟨R x, Q(R x)⟩, x̂ = S R⁻¹ Q(R x). The mean square error of one client is D / (1 − D) of ‖x‖²,
/// D being the quantiser's for the normal: 0.5708, 0.1331, 0.0358 and 0.0096 for 1 to 4 bits.
public struct EDENValues: ValueStage {
    public static let name = "eden"
    public static let summary = "1 to 8 bits: rotated at random, then the levels that are best for the normal, unbiased"
    public static let paper = "Vargaftik et al., EDEN, ICML 2022, and DRIVE, NeurIPS 2021"
    public static let positional = ["bits"]

    /// Bits of a symbol, 1 … 8: the sign, and below it the level.
    public let bits: Int
    /// The level of each symbol.
    private let levels: [Float]
    /// Levels below each cell of magnitudes, see ``level(_:)``.
    private let cells: [UInt8]
    /// Where the next level begins behind each; infinite behind the last.
    private let bounds: [Float]
    /// Cells of a unit of magnitude: the narrowest two bounds of 8 bits are further apart than one.
    private static let cellsPerUnit: Float = 64

    /// Reads the arguments.
    /// - Throws: `ConfigurationError` for one that is missing or not accepted.
    public init(_ reader: inout OptionReader) throws(ConfigurationError) {
        bits = try reader.integer("bits", default: 4, "from 1 to 8") { (1...8).contains($0) }
        let positive = NormalCentroids.positive[bits - 1]
        levels = positive + positive.map { -$0 }
        let bounds = zip(positive, positive.dropFirst()).map { ($0 + $1) / 2 } + [.infinity]
        cells = (0..<512).map { cell in
            let start = (Float(cell) - 0.5) / Self.cellsPerUnit
            return UInt8(bounds.count { $0 <= start })
        }
        self.bounds = bounds
    }

    /// Not biased, or by no more than a floating-point format rounds.
    public var isBiased: Bool { false }
    /// A sign and a level.
    public var alphabet: Int { 1 << bits }
    /// Symbols of the rotated blocks, zeros at the end included.
    public func symbolCount(of count: Int) -> Int { HadamardRotation.size(of: count) }
    /// A factor for each block.
    public func sideBytes(count: Int, tensors: Int) -> Int { 4 * HadamardRotation.blockCount(of: count) }

    /// Rotates and rounds block by block. O(count log 8192).
    public func encode(
        _ numbers: Span<Float>, into symbols: inout MutableSpan<UInt8>, side: inout MutableSpan<UInt8>,
        in context: CodecContext
    ) {
        var random = context.clientStream()
        var memory = [Float](repeating: 0, count: HadamardRotation.largest)
        var rotated = memory.mutableSpan
        for (index, block) in HadamardRotation.blocks(of: numbers.count).enumerated() {
            HadamardRotation.flip(numbers, block, &random, into: &rotated)
            let norm = VectorSums.squares(numbers, block.start..<block.start + block.count).squareRoot()
            HadamardRotation.transform(&rotated, size: block.size)
            // Nothing is left of numbers so small that their norm has no inverse.
            let inverse = norm >= 1e-36 ? Float(1 / norm) : 0
            let product = quantise(
                rotated.span.extracting(0..<block.size), by: inverse, into: &symbols, at: block.start)
            side.put(inverse > 0 ? Float(norm / product) : 0, at: 4 * index)
        }
    }

    /// Rounds numbers to levels.
    /// - Parameters:
    ///   - numbers: a rotated block.
    ///   - inverse: factor that makes the numbers normal.
    ///   - place: where their symbols begin.
    /// - Returns: the product of the numbers with their levels, which is positive.
    private func quantise(
        _ numbers: Span<Float>, by inverse: Float, into symbols: inout MutableSpan<UInt8>, at place: Int
    ) -> Double {
        precondition(symbols.count >= place + numbers.count && numbers.count % 8 == 0)
        return bits <= 3
            ? compare(numbers, by: inverse, into: &symbols, at: place)
            : lookUp(numbers, by: inverse, into: &symbols, at: place)
    }

    /// Rounds to at most four magnitudes by comparing with all bounds, eight numbers at a time.
    /// - Returns: the product.
    private func compare(
        _ numbers: Span<Float>, by inverse: Float, into symbols: inout MutableSpan<UInt8>, at place: Int
    ) -> Double {
        let bounds = (self.bounds + [Float](repeating: .infinity, count: 3)).prefix(3).map { SIMD8(repeating: $0) }
        let magnitudes = (0..<4).map { SIMD8(repeating: levels[min($0, levels.count / 2 - 1)]) }
        let (first, second, third) = (bounds[0], bounds[1], bounds[2])
        let (lowest, low, high, highest) = (magnitudes[0], magnitudes[1], magnitudes[2], magnitudes[3])
        let shift = SIMD8<UInt32>(repeating: UInt32(bits - 1))
        var sums = SIMD8<Float>()
        for i in stride(from: 0, to: numbers.count, by: 8) {
            var (sizes, signs) = (SIMD8<Float>(), SIMD8<UInt32>())
            for lane in 0..<8 {
                sizes[lane] = numbers[unchecked: i &+ lane].magnitude
                signs[lane] = numbers[unchecked: i &+ lane].bitPattern &>> 31
            }
            sizes *= inverse
            let (isLow, isHigh, isHighest) = (sizes .>= first, sizes .>= second, sizes .>= third)
            var level = SIMD8<UInt32>().replacing(with: 1, where: isLow)
            level = level.replacing(with: 2, where: isHigh).replacing(with: 3, where: isHighest)
            let chosen = lowest.replacing(with: low, where: isLow).replacing(with: high, where: isHigh)
            sums += sizes * chosen.replacing(with: highest, where: isHighest)
            let symbol = SIMD8<UInt8>(truncatingIfNeeded: signs &<< shift | level)
            for lane in 0..<8 { symbols[unchecked: place &+ i &+ lane] = symbol[lane] }
        }
        return (0..<8).reduce(0) { $0 + Double(sums[$1]) }
    }

    /// Rounds to any number of magnitudes: a cell tells which can be meant, and one comparison which is.
    /// - Returns: the product.
    private func lookUp(
        _ numbers: Span<Float>, by inverse: Float, into symbols: inout MutableSpan<UInt8>, at place: Int
    ) -> Double {
        let (levels, cells, bounds) = (levels.span, cells.span, bounds.span)
        let shift = UInt32(bits - 1)
        var sums = SIMD4<Double>()
        for i in stride(from: 0, to: numbers.count, by: 4) {
            for lane in 0..<4 {
                let value = numbers[unchecked: i &+ lane] * inverse
                // A Float of this size has no fraction: adding rounds to the nearest, and the low bits are the cell.
                let cell = (min(value.magnitude, 7.9) * Self.cellsPerUnit + 0x1p23).bitPattern & 0x1ff
                let least = UInt32(cells[unchecked: Int(cell)])
                // The bits of numbers that are not negative are ordered as they are: 1 from the bound on, else 0. As a
                // comparison it would become a branch that is often guessed wrongly.
                let bound = bounds[unchecked: Int(least)].bitPattern
                let level = least &+ (bound &- 1 &- value.magnitude.bitPattern) &>> 31
                symbols[unchecked: place &+ i &+ lane] =
                    UInt8(truncatingIfNeeded: (value.bitPattern >> 31) &<< shift | level)
                sums[lane] += Double(value.magnitude * levels[unchecked: Int(level)])
            }
        }
        return sums.sum()
    }

    /// Rotates the levels back, and scales them. O(count log 8192).
    public func decode(
        _ symbols: Span<UInt8>, side: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) {
        precondition(symbols.count >= HadamardRotation.size(of: numbers.count))
        var random = context.clientStream()
        var memory = [Float](repeating: 0, count: HadamardRotation.largest)
        var rotated = memory.mutableSpan
        let levels = levels.span
        for (index, block) in HadamardRotation.blocks(of: numbers.count).enumerated() {
            for i in 0..<block.size {
                rotated[unchecked: i] = levels[Int(symbols[unchecked: block.start &+ i])]
            }
            HadamardRotation.transform(&rotated, size: block.size)
            HadamardRotation.flipBack(
                rotated.span, block, &random, factor: side.float(at: 4 * index), into: &numbers)
        }
    }
}
