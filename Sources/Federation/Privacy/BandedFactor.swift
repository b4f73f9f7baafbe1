import Foundation

/// A banded factor of the matrix of prefix sums: what is protected is C x, of the rounds' sums x, where a round shows in b rows
/// alone.
///
/// C is a lower triangular Toeplitz matrix with the first b coefficients of (1 − x)^(−½): 1, ½, ⅜, 5⁄16, …, in multiples of 2⁻¹⁰. Noise
/// ζ on C x is noise C⁻¹ ζ on x, of which much cancels in prefix sums, which the weights are.
///
/// C. A. Choquette-Choo et al., *(Amplified) Banded Matrix Factorization: A Unified Approach to Private Training*, NeurIPS 2023,
/// arXiv:2306.08153, theorem 2: rounds that are b apart have orthogonal columns, so that a client that takes part k times, never
/// twice in b rounds, moves C x by √k times the norm of a column. The coefficients are those of the square root: N. P. Kalinin,
/// C. H. Lampert, *Banded Square Root Matrix Factorization for Differentially Private Model Training*, NeurIPS 2024,
/// arXiv:2405.13763.
struct BandedFactor: Sendable, Equatable {
    /// The first column, in multiples of 2⁻¹⁰: falling, so that C⁻¹ is bounded (Eneström, Kakeya).
    let coefficients: [Int64]

    /// Bits behind the point.
    static let bits = 10
    /// Bands for which the coefficients fall.
    static let bands = 1...32

    /// The factor of so many bands.
    /// - Precondition: ``bands`` contains them.
    init(bands: Int) {
        precondition(Self.bands.contains(bands), "\(bands) bands")
        var value = 1.0
        coefficients = (0..<bands).map { j in
            if j > 0 { value *= Double(2 * j - 1) / Double(2 * j) }
            return Int64((value * Double(1 << Self.bits)).rounded())
        }
    }

    /// L2 norm of a column.
    var norm: Double {
        (coefficients.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot() / Double(1 << Self.bits)
    }
}
