import FedCore
import Testing

/// Numbers whose half-precision bits are in IEEE 754-2019's table 3.5, or follow from it by hand.
@Suite struct HalfPrecisionTests {
    @Test(
        arguments: [
            (1, 0x3c00), (-2, 0xc000), (65_504, 0x7bff), (0.333_251_95, 0x3555), (6.103_515_6e-05, 0x0400),
            (5.960_464_5e-08, 0x0001), (0, 0x0000), (-0.0, 0x8000), (0.1, 0x2e66),
            // Halfway to the next: to the even one, up and down.
            (2049, 0x6800), (2051, 0x6802),
            // Halfway above the largest, and less than that.
            (65_520, 0x7c00), (65_519, 0x7bff), (-1e10, 0xfc00), (.nan, 0x7c00),
        ] as [(Float, UInt32)]) func `A number has these bits`(value: Float, bits: UInt32)
    {
        #expect(HalfPrecision.bits(value) == bits)
        let back = HalfPrecision.value(bits)
        if bits & 0x7c00 != 0x7c00 { #expect((back - value).magnitude <= value.magnitude * 0x1p-11) }
    }

    @Test func `Every half is its own nearest half`() {
        for bits in 0..<UInt32(0x1_0000) where bits & 0x7c00 != 0x7c00 {
            #expect(HalfPrecision.bits(HalfPrecision.value(bits)) == bits)
        }
    }
}
