/// Sums over many numbers, in Double and in one fixed order that vector units can follow: the same bits on every
/// machine.
enum VectorSums {
    /// Σ |x| of a range. O(range).
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

    /// Σ x² of a range. O(range).
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
