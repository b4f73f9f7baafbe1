/// Conversion of bytes to floats in [0, 1].
enum UnitFloat {
    /// x / 255, correctly rounded for each of the 256 bytes, without the slow division: x/255 = x/256 + x/65280, where
    /// the first term is exact and the second so small that its rounding does not reach the sum.
    @inline(__always)
    static func from(_ byte: UInt8) -> Float {
        let x = Float(byte)
        return x * 0x1p-8 + x * (1 / 65280)
    }
}
