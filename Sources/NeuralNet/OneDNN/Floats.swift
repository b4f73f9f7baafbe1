/// Eight floats, which own kernels compute with at once.
typealias Floats = SIMD8<Float>

extension SIMD8<Float> {
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
