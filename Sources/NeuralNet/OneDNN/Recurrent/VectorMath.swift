/// Eight floats, and functions of them that recurrent cells need.
///
/// Own code, because the C library's functions take one number at a time, and a call for each element of a gate would
/// take longer than the products of matrices.
typealias Floats = SIMD8<Float>

extension SIMD8<Float> {
    /// The hyperbolic tangent, up to 4·10⁻⁷ of its value; ±1 from ±8 on.
    ///
    /// x·P(x²)/Q(x²), both polynomials of degree 4, fitted to tanh x / x on [0, 8] by least squares, with weights that
    /// even out the relative error: 6·10⁻⁹ before rounding.
    @inline(__always)
    var tanh: Self {
        // Not `clamped`, which asks for each number by itself whether it is one: half as fast in all.
        let (low, high) = (Self(repeating: -8), Self(repeating: 8))
        let below = replacing(with: high, where: self .> high)
        let x = below.replacing(with: low, where: below .< low)
        let u = x * x
        var p = u * 1.5230354e-08 + 2.1894617e-05
        p = p * u + 0.0035715953
        p = p * u + 0.13444495
        p = p * u + 1
        var q = u * 8.522421e-07 + 0.00034112876
        q = q * u + 0.026164433
        q = q * u + 0.46777824
        q = q * u + 1
        return x * p / q
    }

    /// The logistic function 1 / (1 + e⁻ˣ), up to 10⁻⁷.
    @inline(__always)
    var sigmoid: Self { (self * 0.5).tanh * 0.5 + 0.5 }

    /// The first floats at an address, zeros behind them.
    /// - Parameter count: 0 < count ≤ 8.
    @inline(__always)
    init(_ address: UnsafePointer<Float>, _ count: Int) {
        if count == Self.scalarCount {
            self = UnsafeRawPointer(address).loadUnaligned(as: Self.self)
        } else {
            self = .zero
            for i in 0..<count { self[i] = address[i] }
        }
    }

    /// Writes the first floats to an address.
    /// - Parameter count: 0 < count ≤ 8.
    @inline(__always)
    func store(_ address: UnsafeMutablePointer<Float>, _ count: Int) {
        if count == Self.scalarCount {
            UnsafeMutableRawPointer(address).storeBytes(of: self, as: Self.self)
        } else {
            for i in 0..<count { address[i] = self[i] }
        }
    }

    /// Visits the vectors of a row: full ones, then one for the rest.
    @inline(__always)
    static func forEach(_ length: Int, _ body: (_ start: Int, _ count: Int) -> Void) {
        let whole = length / scalarCount * scalarCount
        for start in stride(from: 0, to: whole, by: scalarCount) { body(start, scalarCount) }
        if whole < length { body(whole, length - whole) }
    }
}
