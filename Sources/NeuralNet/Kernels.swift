import FedCore

/// Applies the derivative of ReLU to a gradient, in place: it passes where the output is positive, and is zero
/// elsewhere.
///
/// The output alone decides, so a layer behind the ReLU (pooling, dropout) may apply it to its own, smaller, gradient.
/// - Parameters:
///   - gradient: gradient of the loss with respect to `output`.
///   - output: output of the ReLU, in the layout of `gradient`; −0 and NaN with the sign bit count as not positive.
/// - Complexity: O(count), vectorised, no allocation.
/// - Precondition: both have the same count.
func zero(_ gradient: inout MutableSpan<Float>, whereNotPositive output: Span<Float>) {
    precondition(gradient.count == output.count)
    for i in 0..<gradient.count {
        // As integers and without a branch, so that it vectorises: a positive float is a positive integer.
        let bits = gradient[unchecked: i].bitPattern
        let isPositive = Int32(bitPattern: output[unchecked: i].bitPattern) > 0
        gradient[unchecked: i] = Float(bitPattern: isPositive ? bits : 0)
    }
}

/// The same for brain floats.
/// - Precondition: both have the same count.
func zero(_ gradient: UnsafeMutableBufferPointer<Int16>, whereNotPositive output: UnsafeMutableBufferPointer<Int16>) {
    precondition(gradient.count == output.count)
    for i in 0..<gradient.count {
        let bits = gradient[i]
        gradient[i] = output[i] > 0 ? bits : 0
    }
}

/// The bits of brain floats at the address of a tensor.
func brainFloats(_ address: UnsafeMutablePointer<Float>, _ count: Int) -> UnsafeMutableBufferPointer<Int16> {
    UnsafeMutableBufferPointer(
        start: UnsafeMutableRawPointer(address).assumingMemoryBound(to: Int16.self), count: count)
}

/// Multiplies values by factors of the same layout, in place. O(count), vectorised.
/// - Precondition: both have the same count.
func multiply(_ values: inout MutableSpan<Float>, by factors: Span<Float>) {
    precondition(values.count == factors.count)
    for i in 0..<values.count { values[unchecked: i] *= factors[unchecked: i] }
}

/// Moves running statistics toward those of a batch: r ← (1 − m)·r + m·scale·b.
/// - Parameters:
///   - running: r of each channel.
///   - batch: b of each channel.
///   - momentum: m in (0, 1].
///   - scale: n / (n − 1) where a biased variance is to become an unbiased one.
func blend(_ running: inout MutableSpan<Float>, toward batch: Span<Float>, momentum: Float, scale: Float = 1) {
    precondition(running.count == batch.count)
    for i in 0..<running.count {
        running[unchecked: i] = (1 - momentum) * running[unchecked: i] + momentum * (scale * batch[unchecked: i])
    }
}

/// Draws a dropout mask: each of the first `count` elements becomes 0 with probability `rate`, else 1 / (1 − rate).
///
/// A random word serves four elements, a byte each; where a byte alone does not decide, another word does, so that the
/// probability is `rate` to 32 bits.
/// - Parameters:
///   - mask: elements in the canonical order; those from `count` on are left as they are.
///   - rate: 0 ≤ rate < 1.
///   - stream: random stream of the layer and the step.
///   - count: number of elements to draw, ≤ mask.count.
/// - Complexity: a quarter of a random word for each element, and a little more where `rate` is no multiple of 1/256.
func drawDropoutMask(_ mask: inout MutableSpan<Float>, rate: Double, stream: RandomStream, count: Int) {
    precondition(count <= mask.count)
    var stream = stream
    let threshold = UInt32((rate * 0x1p32).rounded(.down))
    let first = SIMD4(repeating: Int32(threshold >> 24))
    let rest = threshold << 8
    let dropped = SIMD4<Float>(repeating: 0)
    let kept = SIMD4(repeating: Float(1 / (1 - rate)))
    for start in stride(from: 0, to: count, by: 4) {
        let word = stream.nextWord()
        let bytes = SIMD4(
            Int32(word & 0xFF), Int32(word >> 8 & 0xFF), Int32(word >> 16 & 0xFF), Int32(word >> 24))
        // As vectors, because a branch on a random byte is mispredicted every other time.
        var scales = kept.replacing(with: dropped, where: bytes .< first)
        if rest != 0, any(bytes .== first) {
            for i in 0..<4 where bytes[i] == first[i] { scales[i] = stream.nextWord() < rest ? 0 : kept[i] }
        }
        for i in 0..<min(4, count - start) { mask[unchecked: start + i] = scales[i] }
    }
}
