import FedCore

/// The direction of a canary in one release: a vector of length 1 whose numbers differ in their signs alone.
struct CanaryDirection {
    private let words: [UInt32]
    private let count: Int
    /// The size of each number.
    private let size: Double

    /// The direction that belongs to these coordinates. O(count).
    /// - Parameters:
    ///   - seed: of the audit.
    ///   - canary: number of the client or sample.
    ///   - round: from 1.
    ///   - step: of the client's turn, from 0.
    ///   - count: numbers of the vector.
    init(seed: UInt64, _ canary: Int, round: Int, step: Int, count: Int) {
        var stream = RandomStream(seed: seed, .canary, round: round, client: canary, salt: step)
        var words = [UInt32](repeating: 0, count: (count + 31) / 32)
        var span = words.mutableSpan
        stream.fill(&span)
        (self.words, self.count) = (words, count)
        size = 1 / Double(max(count, 1)).squareRoot()
    }

    /// The product with a vector. O(count).
    func product(_ numbers: Span<Float>) -> Double {
        var (all, negative) = (0.0, 0.0)
        for i in 0..<count {
            let value = Double(numbers[unchecked: i])
            all += value
            negative += words[i >> 5] >> UInt32(i & 31) & 1 == 1 ? value : 0
        }
        return (all - 2 * negative) * size
    }

    /// Adds the direction, so many times as long. O(count).
    func add(to numbers: inout MutableSpan<Float>, length: Double) {
        let step = Float(length * size)
        for i in 0..<count {
            numbers[unchecked: i] += words[i >> 5] >> UInt32(i & 31) & 1 == 1 ? -step : step
        }
    }
}
