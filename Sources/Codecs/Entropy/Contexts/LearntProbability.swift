import FedCore

/// The probability that a bit is 1, learnt from the bits before it: at first their mean, and then one that forgets. Whole
/// numbers, so that both ends learn the same.
struct LearntProbability {
    /// The probability in 22 bits, above the number of bits that have been seen, in 10.
    private var state: UInt32

    /// The parts of 2¹⁶ by which the n-th bit counts, 1 / (n + 1.5).
    private static let rates: [Int64] = (0..<1024).map { 131_072 / Int64(2 * $0 + 3) }

    /// Begins with a probability.
    /// - Parameters:
    ///   - value: in parts of 2¹⁶, 0 … 65535.
    ///   - weight: bits that it counts for.
    init(_ value: Int, weight: UInt32 = 0) { state = UInt32(value) << 16 | weight }

    /// The probability in parts of 2¹⁶, 0 … 65535.
    var value: Int { Int(state >> 16) }

    /// Moves towards a bit.
    /// - Parameters:
    ///   - bit: 0 or 1.
    ///   - memory: bits at most that the mean is of, to 1023.
    @inline(__always)
    mutating func learn(_ bit: Int, memory: UInt32 = 255) {
        let count = state & 1023
        let before = Int64(state >> 10)
        // 1 is a little less, so that it fits.
        let target: Int64 = bit == 0 ? 0 : 1 << 22 - 1
        let after = before &+ ((target &- before) &* Self.rates[Int(count)]) >> 16
        state = UInt32(truncatingIfNeeded: after) << 10 | (count < memory ? count &+ 1 : count)
    }
}

/// Several probabilities of the same bit as one: the logistic function of a weighted sum of their logits, with weights
/// that follow the gradient of the code's length.
///
/// M. Mahoney, *Adaptive Weighing of Context Models for Lossless Data Compression*, Florida Tech CS-2005-16, equations 3
/// to 6. Whole numbers: logits in parts of 1/256, weights in parts of 2⁻¹⁶.
struct ProbabilityMixer {
    /// Weights of the four inputs.
    private var weights: SIMD4<Int64>
    /// The logits of the bit under way.
    private var logits = SIMD4<Int64>()
    /// The probability of the bit under way, in parts of 2¹⁶, 1 … 65535.
    private(set) var value = 32_768

    /// The largest weight, 8.
    private static let most: Int64 = 8 << 16
    /// The largest logit, 10.
    private static let largest = 2_560
    /// ln(p / (1 − p)) by the highest 14 bits of p.
    private static let logit: [Int16] = (0..<1 << 14).map {
        let p = (Double($0) + 0.5) / 16_384
        return Int16((256 * PortableMath.log(p / (1 - p))).rounded())
    }
    /// 1 / (1 + exp(−x)), by x + `largest`.
    private static let logistic: [UInt16] = (-largest...largest).map {
        // Of a negative number, which is what the exponential function here takes.
        let small = 65_536 * (1 - 1 / (1 + PortableMath.exp(-Double(abs($0)) / 256)))
        return UInt16(min(max(($0 < 0 ? small : 65_536 - small).rounded(), 1), 65_535))
    }

    /// Begins with these weights, in parts of 2⁻¹⁶.
    init(_ weights: SIMD4<Int64>) { self.weights = weights }

    /// Mixes four probabilities, in parts of 2¹⁶; a weight of 0 leaves one out until it has proved useful.
    @inline(__always)
    mutating func mix(_ first: Int, _ second: Int, _ third: Int, _ fourth: Int) {
        logits = SIMD4(
            Int64(Self.logit[first >> 2]), Int64(Self.logit[second >> 2]), Int64(Self.logit[third >> 2]),
            Int64(Self.logit[fourth >> 2]))
        let sum = Int((logits &* weights).wrappedSum() >> 16)
        value = Int(Self.logistic[min(max(sum, -Self.largest), Self.largest) + Self.largest])
    }

    /// Moves the weights by 1/256 of the gradient.
    @inline(__always)
    mutating func learn(_ bit: Int) {
        let error = Int64(bit << 16 - value)
        let moved = weights &+ (logits &* error) &>> 16
        weights = moved.clamped(lowerBound: SIMD4(repeating: -Self.most), upperBound: SIMD4(repeating: Self.most))
    }
}
