/// Products of a matrix with thin ones, and the orthonormal columns that these need, each in one order: the same bits on
/// every machine. Matrices lie row by row; a thin one `[n, rank]` is transposed, so that its columns are contiguous.
enum LowRank {
    /// left = M right.
    /// - Parameters:
    ///   - matrix: M, `[m, n]`.
    ///   - right: `[rank, n]`, the transposed.
    ///   - left: `[rank, m]`, the transposed; is overwritten.
    static func multiply(
        _ matrix: Span<Float>, by right: Span<Float>, into left: inout MutableSpan<Float>, rank: Int
    ) {
        let (rows, columns) = (left.count / rank, right.count / rank)
        precondition(matrix.count == rows * columns && left.count == rank * rows && right.count == rank * columns)
        for row in 0..<rows {
            for k in 0..<rank {
                left[unchecked: k &* rows &+ row] = dot(matrix, row &* columns, right, k &* columns, columns)
            }
        }
    }

    /// The scalar product of two ranges of `count` numbers, eight lanes at a time.
    private static func dot(
        _ first: Span<Float>, _ firstStart: Int, _ second: Span<Float>, _ secondStart: Int, _ count: Int
    ) -> Float {
        var lanes = SIMD8<Float>()
        var i = 0
        while i &+ 8 <= count {
            for lane in 0..<8 {
                lanes[lane] +=
                    first[unchecked: firstStart &+ i &+ lane] * second[unchecked: secondStart &+ i &+ lane]
            }
            i &+= 8
        }
        var sum = lanes.sum()
        while i < count {
            sum += first[unchecked: firstStart &+ i] * second[unchecked: secondStart &+ i]
            i &+= 1
        }
        return sum
    }

    /// right = Mᵀ left.
    /// - Parameters:
    ///   - matrix: M, `[m, n]`.
    ///   - left: `[rank, m]`, the transposed.
    ///   - right: `[rank, n]`, the transposed; is overwritten.
    static func multiplyTransposed(
        _ matrix: Span<Float>, by left: Span<Float>, into right: inout MutableSpan<Float>, rank: Int
    ) {
        let (rows, columns) = (left.count / rank, right.count / rank)
        precondition(matrix.count == rows * columns && left.count == rank * rows && right.count == rank * columns)
        for i in 0..<right.count { right[unchecked: i] = 0 }
        for row in 0..<rows {
            for k in 0..<rank {
                add(matrix, row &* columns, times: left[unchecked: k &* rows &+ row], to: &right, k &* columns, columns)
            }
        }
    }

    /// matrix = left rightᵀ.
    /// - Parameters:
    ///   - left: `[rank, m]`, the transposed.
    ///   - right: `[rank, n]`, the transposed.
    ///   - matrix: `[m, n]`; is overwritten.
    static func multiply(
        _ left: Span<Float>, _ right: Span<Float>, into matrix: inout MutableSpan<Float>, rank: Int
    ) {
        let (rows, columns) = (left.count / rank, right.count / rank)
        precondition(matrix.count == rows * columns && left.count == rank * rows && right.count == rank * columns)
        for i in 0..<matrix.count { matrix[unchecked: i] = 0 }
        for row in 0..<rows {
            for k in 0..<rank {
                add(right, k &* columns, times: left[unchecked: k &* rows &+ row], to: &matrix, row &* columns, columns)
            }
        }
    }

    /// Adds a range of `count` numbers, times a factor, to another.
    @inline(__always)
    private static func add(
        _ numbers: Span<Float>, _ start: Int, times factor: Float, to sums: inout MutableSpan<Float>, _ sumStart: Int,
        _ count: Int
    ) {
        for i in 0..<count { sums[unchecked: sumStart &+ i] += factor * numbers[unchecked: start &+ i] }
    }

    /// Makes the columns of a thin matrix orthonormal by the modified Gram–Schmidt process, in Double: Å. Björck,
    /// *Solving Linear Least Squares Problems by Gram–Schmidt Orthogonalization*, BIT 7, 1967. A column of which the ones
    /// before leave nothing but rounding becomes zeros.
    /// - Parameters:
    ///   - columns: `[rank, m]`, the transposed.
    ///   - rank: number of columns.
    static func orthonormalise(_ columns: inout MutableSpan<Float>, rank: Int) {
        let length = columns.count / rank
        precondition(columns.count == rank * length)
        var memory = [Double](repeating: 0, count: columns.count)
        var basis = memory.mutableSpan
        for i in 0..<columns.count { basis[unchecked: i] = Double(columns[unchecked: i]) }
        for k in 0..<rank {
            let start = k * length
            let before = dot(basis.span, start, start, length)
            for j in 0..<k {
                let product = dot(basis.span, j * length, start, length)
                for i in 0..<length {
                    basis[unchecked: start &+ i] -= product * basis[unchecked: j &* length &+ i]
                }
            }
            let square = dot(basis.span, start, start, length)
            // Its numbers were rounded to 24 bits. What is not finite stays so: the comparison is false.
            let factor = square <= before * 1e-12 ? 0 : 1 / square.squareRoot()
            for i in start..<start + length {
                basis[unchecked: i] *= factor
                columns[unchecked: i] = Float(basis[unchecked: i])
            }
        }
    }

    /// The scalar product of two ranges of `count` numbers, four lanes at a time.
    private static func dot(_ numbers: Span<Double>, _ first: Int, _ second: Int, _ count: Int) -> Double {
        var lanes = SIMD4<Double>()
        var i = 0
        while i &+ 4 <= count {
            for lane in 0..<4 {
                lanes[lane] += numbers[unchecked: first &+ i &+ lane] * numbers[unchecked: second &+ i &+ lane]
            }
            i &+= 4
        }
        var sum = lanes.sum()
        while i < count {
            sum += numbers[unchecked: first &+ i] * numbers[unchecked: second &+ i]
            i &+= 1
        }
        return sum
    }
}
