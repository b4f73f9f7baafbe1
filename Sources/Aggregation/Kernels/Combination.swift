import CVectors
import FedCore

extension UpdateMatrix {
    /// Writes Σ coefficient · row, summed as Doubles in the order of the rows.
    ///
    /// - Parameters:
    ///   - coefficients: one for each row; a row whose coefficient is 0 is not read.
    ///   - result: receives the sum, `[dimension]`, rounded to Floats once.
    ///   - vectors: whether to use the loop for AVX2, which gives the same bits.
    /// - Complexity: O(count · dimension), in blocks that stay in the cache.
    func combine(
        _ coefficients: [Double], into result: inout MutableSpan<Float>, vectors: Bool = vectors_are_fast()
    ) {
        precondition(coefficients.count == count)
        var block = [Double](repeating: 0, count: min(2048, dimension))
        for start in stride(from: 0, to: dimension, by: 2048) {
            let width = min(2048, dimension - start)
            var sums = block.mutableSpan
            for i in 0..<width { sums[unchecked: i] = 0 }
            for (index, coefficient) in coefficients.enumerated() where coefficient != 0 {
                let row = row(index)
                let part = row.span.extracting(start..<start + width)
                sums.add(part, times: coefficient, vectors: vectors)
            }
            for i in 0..<width { result[unchecked: start + i] = Float(sums[unchecked: i]) }
        }
    }
}

extension MutableSpan<Double> {
    /// self ← self + factor · values, product and sum each rounded. O(values).
    @inline(__always)
    fileprivate mutating func add(_ values: Span<Float>, times factor: Double, vectors: Bool) {
        precondition(values.count <= count)
        if vectors {
            values.withUnsafeBufferPointer { from in
                withUnsafeMutableBufferPointer { to in
                    vectors_add_multiples(from.baseAddress, from.count, factor, to.baseAddress)
                }
            }
        } else {
            for i in 0..<values.count { self[unchecked: i] += factor * Double(values[unchecked: i]) }
        }
    }
}

extension Span<Float> {
    /// Σ self · other, as Doubles in a fixed order. O(count).
    func dot(_ other: Span<Float>, vectors: Bool = vectors_are_fast()) -> Double {
        precondition(count == other.count)
        if vectors {
            return withUnsafeBufferPointer { a in
                other.withUnsafeBufferPointer { b in vectors_dot(a.baseAddress, b.baseAddress, a.count) }
            }
        }
        return sum { wide($0) * other.wide($0) }
    }

    /// Σ (self − other)², as Doubles in a fixed order. O(count).
    func squaredDistance(to other: Span<Float>, vectors: Bool = vectors_are_fast()) -> Double {
        precondition(count == other.count)
        if vectors {
            return withUnsafeBufferPointer { a in
                other.withUnsafeBufferPointer { b in
                    vectors_squared_distance(a.baseAddress, b.baseAddress, a.count)
                }
            }
        }
        return sum {
            let difference = wide($0) - other.wide($0)
            return difference * difference
        }
    }

    /// √Σ self², the Euclidean length. O(count).
    package var norm: Double { dot(self).squareRoot() }

    @inline(__always)
    private func wide(_ index: Int) -> SIMD16<Double> { SIMD16<Double>(vector(at: index)) }

    /// Sums terms of 16 lanes, then the lanes pairwise: one order on every machine.
    @inline(__always)
    private func sum(_ term: (Int) -> SIMD16<Double>) -> Double {
        var sum = SIMD16<Double>.zero
        for index in stride(from: 0, to: count, by: 16) { sum += term(index) }
        let eight = sum.lowHalf + sum.highHalf
        let four = eight.lowHalf + eight.highHalf
        let two = four.lowHalf + four.highHalf
        return two[0] + two[1]
    }
}
