/// Sums over many numbers, in Double and in one fixed order that vector units can follow: the same bits on every
/// machine. And what is found in the same way.
///
/// Number i of a range is added in lane i mod 8; the lanes are added up at the end, and then the numbers that do not
/// fill eight lanes, one by one. A sum in the order of the numbers would wait for each addition before the next.
enum VectorSums {
    /// The least and the largest of a range and of one more number. O(range).
    /// - Parameters:
    ///   - numbers: none is NaN in the range.
    ///   - range: where to look; may be empty.
    ///   - value: the further number; 0 makes a range in which zero lies.
    /// - Returns: the least, then the largest.
    /// - Precondition: the range is within the numbers.
    static func extremes(_ numbers: Span<Float>, _ range: Range<Int>, and value: Float) -> (Float, Float) {
        precondition(range.lowerBound >= 0 && range.upperBound <= numbers.count)
        // In eight lanes, which the compiler makes a vector of.
        var (low, high) = (SIMD8(repeating: value), SIMD8(repeating: value))
        var i = range.lowerBound
        while i &+ 8 <= range.upperBound {
            var lanes = SIMD8<Float>()
            for lane in 0..<8 { lanes[lane] = numbers[unchecked: i &+ lane] }
            low.replace(with: lanes, where: lanes .< low)
            high.replace(with: lanes, where: lanes .> high)
            i &+= 8
        }
        var (least, most) = (low.min(), high.max())
        while i < range.upperBound {
            least = min(least, numbers[unchecked: i])
            most = max(most, numbers[unchecked: i])
            i &+= 1
        }
        return (least, most)
    }

    /// Σ |x| of a range, 0 where it is empty. O(range).
    /// - Precondition: the range is within the numbers.
    static func magnitudes(_ numbers: Span<Float>, _ range: Range<Int>) -> Double {
        precondition(range.lowerBound >= 0 && range.upperBound <= numbers.count)
        var lanes = SIMD8<Double>()
        var i = range.lowerBound
        while i &+ 8 <= range.upperBound {
            for lane in 0..<8 { lanes[lane] += Double(numbers[unchecked: i &+ lane].magnitude) }
            i &+= 8
        }
        var sum = lanes.sum()
        while i < range.upperBound {
            sum += Double(numbers[unchecked: i].magnitude)
            i &+= 1
        }
        return sum
    }

    /// Σ x² of a range, 0 where it is empty. O(range). Finite for numbers below 2⁹⁶ in magnitude, as all are that a
    /// value stage gets.
    /// - Precondition: the range is within the numbers.
    static func squares(_ numbers: Span<Float>, _ range: Range<Int>) -> Double {
        precondition(range.lowerBound >= 0 && range.upperBound <= numbers.count)
        var lanes = SIMD8<Double>()
        var i = range.lowerBound
        while i &+ 8 <= range.upperBound {
            for lane in 0..<8 {
                let value = Double(numbers[unchecked: i &+ lane])
                lanes[lane] += value * value
            }
            i &+= 8
        }
        var sum = lanes.sum()
        while i < range.upperBound {
            let value = Double(numbers[unchecked: i])
            sum += value * value
            i &+= 1
        }
        return sum
    }
}
