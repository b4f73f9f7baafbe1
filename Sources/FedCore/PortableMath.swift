/// Elementary functions made of IEEE 754's correctly rounded operations only (+ − × ÷ √), in a fixed order.
///
/// They give the same bits on every machine, where the `exp` and `log` of two C libraries may differ in the last
/// place. Partitions, simulated devices and staleness weights use them, because a difference in one bit there would
/// become another digest of the weights. They are accurate to a few units in the last place, and slower than the C
/// library's: not for hot loops.
package enum PortableMath {
    /// The high part of ln 2. Its last 11 bits are zero, so that its product with the exponent of any Double is exact.
    ///
    /// W. J. Cody, W. Waite, *Software Manual for the Elementary Functions*, 1980 (reduction with a constant in two
    /// parts).
    private static let ln2High = 0x1.62e42fefa38p-1
    /// ln 2 minus its high part.
    private static let ln2Low = 0x1.ef35793c7673p-45

    /// eˣ; 0 from −708 down, near the smallest normal Double.
    /// - Precondition: x ≤ 0.
    package static func exp(_ x: Double) -> Double {
        precondition(x <= 0, "exp of \(x)")
        guard x > -708 else { return 0 }
        // x = k ln 2 + r with |r| ≤ ln 2 / 2, where k times the high part is exact.
        let k = (x * 1.4426950408889634).rounded()
        let r = (x - k * ln2High) - k * ln2Low
        // Taylor's series; the first term left out is below 10⁻¹⁷.
        var sum = 1.0
        for n in stride(from: 13.0, to: 0, by: -1) { sum = 1 + sum * r / n }
        return Double(sign: .plus, exponent: Int(k), significand: sum)
    }

    /// ln x.
    /// - Precondition: x is a normal number above 0.
    package static func log(_ x: Double) -> Double {
        precondition(x.isNormal && x > 0, "log of \(x)")
        // x = 2ᵉ m with m in [√½, √2); ln m = 2 artanh s with s = (m − 1) / (m + 1), |s| < 0.172.
        var m = x.significand
        var e = Double(x.exponent)
        if m > 1.4142135623730951 {
            m /= 2
            e += 1
        }
        let s = (m - 1) / (m + 1)
        // Σ s²ⁿ / (2n + 1) up to n = 11. Written out, since a loop would divide.
        let square = s * s
        var sum = 1 / 21.0 + square * (1 / 23.0)
        sum = 1 / 17.0 + square * (1 / 19.0 + square * sum)
        sum = 1 / 13.0 + square * (1 / 15.0 + square * sum)
        sum = 1 / 9.0 + square * (1 / 11.0 + square * sum)
        sum = 1 / 5.0 + square * (1 / 7.0 + square * sum)
        sum = 1 + square * (1 / 3.0 + square * sum)
        return e * ln2High + (2 * s * sum + e * ln2Low)
    }

    /// A standard normal variate, the same bits on every machine, unlike ``RandomStream/normal()``.
    ///
    /// G. Marsaglia, T. A. Bray, *A Convenient Method for Generating Normal Variables*, SIAM Review 6(3), 1964 (the
    /// polar method; the second variate is dropped).
    ///
    /// - Complexity: 4/π ≈ 1.27 attempts of two uniform numbers in the mean.
    package static func normal(_ random: inout RandomStream) -> Double {
        while true {
            let u = 2 * random.uniformDouble() - 1
            let v = 2 * random.uniformDouble() - 1
            let square = u * u + v * v
            if square > 0, square < 1 { return u * (-2 * log(square) / square).squareRoot() }
        }
    }
}
