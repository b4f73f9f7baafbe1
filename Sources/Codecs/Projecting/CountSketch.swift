import FedCore

/// A count sketch: a table of `rows` × `columns` sums, in each row of which every number of a vector is added to one
/// column, with a sign, both drawn by hashing its place. From each row a number can be estimated, by the sum of its column
/// times its sign: what else lies there has random signs. The sketch of a sum is the sum of the sketches.
///
/// M. Charikar, K. Chen, M. Farach-Colton, *Finding Frequent Items in Data Streams*, ICALP 2002: the estimate of a row is
/// unbiased, with a variance of at most ‖x‖² / columns, so that with 3 / ε² columns it is off by more than ε ‖x‖ in a
/// third of the cases at most, and the median of O(log 1/δ) rows with probability δ at most.
///
/// Columns and signs are functions of their own of the family that M. Dietzfelbinger, *Universal Hashing and k-Wise
/// Independent Random Variables via Integer Arithmetic without Primes*, STACS 1996, shows to be independent in pairs, as
/// the bound needs: the highest bits of a x + b modulo 2⁶⁴.
struct CountSketch {
    /// A hash function of a row.
    private struct Hash {
        var (factor, summand): (UInt64, UInt64)

        init(_ random: inout RandomStream) { (factor, summand) = (random.next(), random.next()) }

        /// 32 bits, of which those of two places are independent.
        @inline(__always)
        func callAsFunction(_ place: Int) -> UInt64 { (factor &* UInt64(truncatingIfNeeded: place) &+ summand) >> 32 }
    }

    /// Number of columns, 1 ..< 2³².
    let columns: Int
    /// What chooses the column, and what the sign, in each row.
    private let hashes: [(column: Hash, sign: Hash)]

    /// Draws the hash functions.
    /// - Parameters:
    ///   - rows: number of rows, ≥ 1.
    ///   - columns: number of columns, 1 ..< 2³².
    ///   - random: four words of 64 bits a row are drawn.
    init(rows: Int, columns: Int, _ random: inout RandomStream) {
        precondition(rows >= 1 && columns >= 1 && columns <= Int(UInt32.max))
        self.columns = columns
        hashes = (0..<rows).map { _ in (Hash(&random), Hash(&random)) }
    }

    /// Adds a vector to a table. O(rows · numbers).
    /// - Parameters:
    ///   - numbers: the vector.
    ///   - table: `[rows, columns]`.
    func add(_ numbers: Span<Float>, to table: inout MutableSpan<Float>) {
        precondition(table.count == hashes.count * columns)
        for (row, hash) in hashes.enumerated() {
            for i in 0..<numbers.count {
                table[unchecked: row &* columns &+ column(hash.column, i)] += Self.signed(
                    numbers[unchecked: i], hash.sign, i)
            }
        }
    }

    /// Estimates numbers from a table, each as the median of its rows' estimates. O(rows² · numbers).
    /// - Parameters:
    ///   - table: `[rows, columns]`, finite, of an odd number of rows.
    ///   - numbers: are overwritten.
    func estimate(_ table: Span<Float>, into numbers: inout MutableSpan<Float>) {
        precondition(table.count == hashes.count * columns && hashes.count % 2 == 1)
        var memory = [SIMD8<Float>](repeating: SIMD8(), count: hashes.count)
        var estimates = memory.mutableSpan
        for start in stride(from: 0, to: numbers.count, by: 8) {
            let count = min(8, numbers.count &- start)
            for (row, hash) in hashes.enumerated() {
                for lane in 0..<count {
                    let i = start &+ lane
                    estimates[unchecked: row][lane] = Self.signed(
                        table[unchecked: row &* columns &+ column(hash.column, i)], hash.sign, i)
                }
            }
            // Sorts eight at a time by exchanging neighbours, without a branch that depends on them.
            for pass in 0..<estimates.count {
                for row in stride(from: pass & 1, to: estimates.count &- 1, by: 2) {
                    let (one, other) = (estimates[unchecked: row], estimates[unchecked: row &+ 1])
                    let isOrdered = one .< other
                    estimates[unchecked: row] = other.replacing(with: one, where: isOrdered)
                    estimates[unchecked: row &+ 1] = one.replacing(with: other, where: isOrdered)
                }
            }
            for lane in 0..<count { numbers[unchecked: start &+ lane] = estimates[estimates.count / 2][lane] }
        }
    }

    /// The column of a place.
    @inline(__always)
    private func column(_ hash: Hash, _ place: Int) -> Int {
        Int(truncatingIfNeeded: (hash(place) &* UInt64(truncatingIfNeeded: columns)) >> 32)
    }

    /// A number with the sign of a place.
    @inline(__always)
    private static func signed(_ value: Float, _ hash: Hash, _ place: Int) -> Float {
        Float(bitPattern: value.bitPattern ^ UInt32(truncatingIfNeeded: hash(place)) & 0x8000_0000)
    }
}
