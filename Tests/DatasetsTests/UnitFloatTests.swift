import Testing

@testable import Datasets

@Suite struct UnitFloatTests {
    @Test func everyByteIsDividedBy255AsIEEE754Divides() {
        for byte in UInt8.min...UInt8.max {
            #expect(UnitFloat.from(byte) == Float(byte) / 255)
        }
    }
}
