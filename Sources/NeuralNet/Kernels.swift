import FedCore

/// The derivative of ReLU: a gradient passes where the output is positive.
func zero(_ gradient: inout MutableSpan<Float>, whereNotPositive output: Span<Float>) {
    precondition(gradient.count == output.count)
    for i in 0..<gradient.count {
        // As integers and without a branch, so that it vectorises: a positive float is a positive integer.
        let bits = gradient[unchecked: i].bitPattern
        let isPositive = Int32(bitPattern: output[unchecked: i].bitPattern) > 0
        gradient[unchecked: i] = Float(bitPattern: isPositive ? bits : 0)
    }
}

func multiply(_ values: inout MutableSpan<Float>, by factors: Span<Float>) {
    precondition(values.count == factors.count)
    for i in 0..<values.count { values[unchecked: i] *= factors[unchecked: i] }
}

/// Each of the first `count` elements is 0 with probability `rate`, else 1 / (1 − rate).
func drawDropoutMask(_ mask: inout MutableSpan<Float>, rate: Double, stream: RandomStream, count: Int) {
    precondition(count <= mask.count)
    var stream = stream
    let threshold = UInt32(min((rate * 0x1p32).rounded(), 0x1p32 - 1))
    let kept = Float(1 / (1 - rate))
    for i in 0..<count {
        mask[unchecked: i] = stream.nextWord() < threshold ? 0 : kept
    }
}
