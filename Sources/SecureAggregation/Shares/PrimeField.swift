/// Arithmetic modulo the prime 2⁶¹ − 1, on numbers below it. A product of two is reduced by a shift and an addition; nothing
/// branches on a value that may be secret.
enum PrimeField {
    /// A prime of Mersenne's: a reduction is an addition.
    static let prime: UInt64 = 1 << 61 - 1

    /// a + b.
    static func add(_ a: UInt64, _ b: UInt64) -> UInt64 { reduced(a &+ b) }

    /// a − b.
    static func subtract(_ a: UInt64, _ b: UInt64) -> UInt64 { reduced(a &+ prime &- b) }

    /// a · b.
    static func multiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let product = a.multipliedFullWidth(by: b)
        // 2⁶¹ is 1: what is above the 61st bit is added to what is below.
        return reduced((product.low & prime) &+ (product.low >> 61 | product.high << 3))
    }

    /// 1 / a, as a to the power of the prime less 2 (Fermat).
    /// - Precondition: a is not 0.
    static func inverse(_ a: UInt64) -> UInt64 {
        var (result, square, exponent): (UInt64, UInt64, UInt64) = (1, a, prime - 2)
        while exponent > 0 {
            if exponent & 1 == 1 { result = multiply(result, square) }
            square = multiply(square, square)
            exponent >>= 1
        }
        return result
    }

    /// A number of at most twice the prime, below it.
    private static func reduced(_ a: UInt64) -> UInt64 {
        let less = a &- prime
        // All ones where the subtraction went below zero.
        let mask = UInt64(bitPattern: Int64(bitPattern: less) >> 63)
        return less &+ (prime & mask)
    }
}
