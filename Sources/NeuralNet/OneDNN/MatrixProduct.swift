import COneDNN

/// A matrix in memory: row by row, rows at a distance.
struct Matrix {
    /// The first element.
    let base: UnsafeMutablePointer<Float>
    /// Distance of the rows, in elements; at least their length.
    let stride: Int
    /// Whether the transposed matrix is meant.
    var isTransposed = false

    init(_ base: UnsafeMutablePointer<Float>, stride: Int) {
        self.base = base
        self.stride = stride
    }

    /// The transposed matrix, in the same memory.
    var transposed: Matrix {
        var result = self
        result.isTransposed.toggle()
        return result
    }

    fileprivate var letter: CChar { CChar(UInt8(ascii: isTransposed ? "T" : "N")) }
}

/// Computes c ← a·b, or c ← c + a·b, by oneDNN's product of matrices.
/// - Parameters:
///   - rows: rows of a and c.
///   - columns: columns of b and c.
///   - inner: columns of a, rows of b.
///   - adds: whether the product is added to c.
func multiply(
    _ a: Matrix, _ b: Matrix, into c: Matrix, rows: Int, columns: Int, inner: Int, adds: Bool = false
) throws(OneDNNError) {
    try check(
        "dnnl_sgemm",
        dnnl_sgemm(
            a.letter, b.letter, dnnl_dim_t(rows), dnnl_dim_t(columns), dnnl_dim_t(inner), 1, a.base,
            dnnl_dim_t(a.stride), b.base, dnnl_dim_t(b.stride), adds ? 1 : 0, c.base, dnnl_dim_t(c.stride)))
}
