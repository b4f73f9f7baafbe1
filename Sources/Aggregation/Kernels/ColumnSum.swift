import CVectors

/// A sum of vectors of 16 floats, lane by lane, kept as Doubles and added in the order of the calls: values
/// that come in sorted give the same bits whoever sent them.
struct ColumnSum {
    private var low = SIMD8<Double>.zero
    private var high = SIMD8<Double>.zero

    /// Adds a vector.
    @inline(__always)
    mutating func add(_ vector: SIMD16<Float>) {
        low += SIMD8<Double>(vector.lowHalf)
        high += SIMD8<Double>(vector.highHalf)
    }

    /// The sum times a factor, rounded to Floats once.
    @inline(__always)
    func scaled(by factor: Double) -> SIMD16<Float> {
        SIMD16(lowHalf: SIMD8<Float>(low * factor), highHalf: SIMD8<Float>(high * factor))
    }

    /// The sum of all vectors of a span, times a factor.
    /// - Parameter vectors: whether to use the loop for AVX2, which gives the same bits.
    static func of(
        _ columns: Span<SIMD16<Float>>, scaledBy factor: Double, vectors: Bool = vectors_are_fast()
    ) -> SIMD16<Float> {
        if vectors {
            var result = SIMD16<Float>()
            columns.withUnsafeBytes { columns in
                Swift.withUnsafeMutableBytes(of: &result) { result in
                    vectors_sum_columns(
                        columns.baseAddress?.assumingMemoryBound(to: Float.self), columns.count / 64, factor,
                        result.baseAddress?.assumingMemoryBound(to: Float.self))
                }
            }
            return result
        }
        var sum = ColumnSum()
        for place in 0..<columns.count { sum.add(columns[unchecked: place]) }
        return sum.scaled(by: factor)
    }
}
