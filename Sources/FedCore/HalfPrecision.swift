/// Conversion between single and half precision (IEEE 754 binary16) in whole numbers.
///
/// Without branches, so that the compiler makes vectors of loops over it: `Float16` is a call for each number where the
/// processor's own conversion may not be taken for granted. The bits are the same on every processor.
public enum HalfPrecision {
    /// Bits of the nearest half, ties to even. Magnitudes above 65,504, the largest finite half, become that, and so does NaN.
    @inlinable @inline(__always)
    public static func saturatingBits(_ value: Float) -> UInt32 {
        let bits = value.bitPattern
        let sign = bits >> 16 & 0x8000
        let magnitude = min(bits & 0x7fff_ffff, 0x477f_e000)
        // Below 2⁻¹⁴ a half has fixed steps of 2⁻²⁴: adding 0.5 rounds to them, for a step of a Float there is as long.
        let small = (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3f00_0000
        let large = (magnitude &+ 0xfff &+ (magnitude >> 13 & 1)) >> 13 &- 0x1_c000
        return sign | (magnitude < 0x3880_0000 ? small : large)
    }

    /// Bits of the nearest half, ties to even. What rounds above 65,504, and NaN, becomes an infinity.
    @inlinable @inline(__always)
    public static func bits(_ value: Float) -> UInt32 {
        // Halfway to the step that a half no longer has; false of NaN, too.
        value.magnitude < 65_520 ? saturatingBits(value) : value.bitPattern >> 16 & 0x8000 | 0x7c00
    }

    /// The value of a finite half, exactly. An infinite one gives a number of 65,536 or more: see ``value(_:)``.
    @inlinable @inline(__always)
    public static func finiteValue(_ half: UInt32) -> Float {
        // Moves the exponent by a multiplication, which makes numbers of the small ones, too.
        let magnitude = Float(bitPattern: (half & 0x7fff) << 13) * 0x1p112
        return Float(bitPattern: magnitude.bitPattern | (half & 0x8000) << 16)
    }

    /// The value of a half, exactly; an infinity of what is infinite or NaN.
    @inlinable @inline(__always)
    public static func value(_ half: UInt32) -> Float {
        half & 0x7c00 == 0x7c00 ? Float(bitPattern: (half & 0x8000) << 16 | 0x7f80_0000) : finiteValue(half)
    }
}
