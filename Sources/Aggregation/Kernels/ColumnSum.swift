/// A sum of vectors, lane by lane, as Doubles in the order they are added.
struct ColumnSum {
    private var low = SIMD8<Double>.zero
    private var high = SIMD8<Double>.zero

    @inline(__always)
    mutating func add(_ vector: SIMD16<Float>) {
        low += SIMD8<Double>(vector.lowHalf)
        high += SIMD8<Double>(vector.highHalf)
    }

    @inline(__always)
    func scaled(by factor: Double) -> SIMD16<Float> {
        SIMD16(lowHalf: SIMD8<Float>(low * factor), highHalf: SIMD8<Float>(high * factor))
    }
}
