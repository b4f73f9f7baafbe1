extension UpdateMatrix {
    /// Writes Σ coefficient · row, summed as Doubles in the order of the rows.
    ///
    /// - Parameters:
    ///   - coefficients: one for each row; a row whose coefficient is 0 is not read.
    ///   - result: receives the sum, `[dimension]`, rounded to Floats once.
    /// - Complexity: O(count · dimension), in blocks that stay in the cache.
    func combine(_ coefficients: [Double], into result: inout MutableSpan<Float>) {
        precondition(coefficients.count == count)
        var block = [Double](repeating: 0, count: min(2048, dimension))
        for start in stride(from: 0, to: dimension, by: 2048) {
            let width = min(2048, dimension - start)
            var sums = block.mutableSpan
            for i in 0..<width { sums[unchecked: i] = 0 }
            for (index, coefficient) in coefficients.enumerated() where coefficient != 0 {
                let row = row(index)
                let part = row.span.extracting(start..<start + width)
                for i in 0..<width { sums[unchecked: i] += coefficient * Double(part[unchecked: i]) }
            }
            for i in 0..<width { result[unchecked: start + i] = Float(sums[unchecked: i]) }
        }
    }
}

extension Span<Float> {
    /// Σ self · other, as Doubles in a fixed order. O(count).
    func dot(_ other: Span<Float>) -> Double {
        precondition(count == other.count)
        return sum { wide($0) * other.wide($0) }
    }

    /// Σ (self − other)², as Doubles in a fixed order. O(count).
    func squaredDistance(to other: Span<Float>) -> Double {
        precondition(count == other.count)
        return sum {
            let difference = wide($0) - other.wide($0)
            return difference * difference
        }
    }

    /// √Σ self², the Euclidean length. O(count).
    var norm: Double { dot(self).squareRoot() }

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
