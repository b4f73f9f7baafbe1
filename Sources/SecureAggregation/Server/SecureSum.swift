/// What a secured round reveals.
public struct SecureSum: Sendable, Equatable {
    /// The sum of the survivors' vectors, `[m]`: modulo 2⁶⁴ in the exact ring, otherwise with their signs and without
    /// wrap-around.
    public let elements: [Int64]
    /// The clients whose vectors are in it, ascending.
    public let survivors: [Int]
    /// The clients that had shared keys and sent no vector, ascending: their masks were taken off.
    public let dropped: [Int]
}
