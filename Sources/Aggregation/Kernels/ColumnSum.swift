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
}
