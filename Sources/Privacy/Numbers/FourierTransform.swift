import Foundation

/// The discrete Fourier transform of complex numbers, as many as a power of two.
///
/// Stockham's form (P. N. Swarztrauber, *FFT Algorithms for Vector Computers*, Parallel
/// Computing 1, 1984): every pass reads one buffer in order and writes the other, so no numbers
/// are put in reversed order of bits. A library's would be three times faster, and one more
/// dependency for a few milliseconds.
struct FourierTransform {
    /// Number of points, a power of two.
    let count: Int
    /// cos and −sin of 2πk / count, for k below count / 2.
    private let cosines: [Double]
    private let sines: [Double]

    /// Prepares a length. O(count).
    /// - Parameter count: number of points, a power of two.
    init(count: Int) {
        precondition(count > 0 && count & (count - 1) == 0, "\(count) points are no power of two")
        self.count = count
        let half = max(count / 2, 1)
        // A quarter of the circle is enough: sin x = cos(π/2 − x). Each angle by itself, because recurrences lose digits.
        let quarter = count / 4
        let first = (0...quarter).map { cos(2 * Double.pi * Double($0) / Double(count)) }
        cosines = (0..<half).map { $0 <= quarter ? first[$0] : -first[half - $0] }
        sines = (0..<half).map { $0 <= quarter ? -first[quarter - $0] : -first[$0 - quarter] }
    }

    /// Transforms in place: Xₖ = Σ xⱼ exp(−2πi jk / n). O(n log n).
    /// - Parameters:
    ///   - real: real parts, as many as ``count``.
    ///   - imaginary: imaginary parts.
    func transform(_ real: inout [Double], _ imaginary: inout [Double]) {
        precondition(real.count == count && imaginary.count == count, "a transform of another length")
        var otherReal = [Double](repeating: 0, count: count)
        var otherImaginary = otherReal
        var length = count
        var stride = 1
        while length > 1 {
            pass(length, stride, real, imaginary, &otherReal, &otherImaginary)
            swap(&real, &otherReal)
            swap(&imaginary, &otherImaginary)
            length /= 2
            stride *= 2
        }
    }

    /// The inverse, divided by n: real and imaginary parts exchanged before and after are the
    /// conjugate's.
    /// - Parameters:
    ///   - real: real parts, as many as ``count``.
    ///   - imaginary: imaginary parts.
    func invert(_ real: inout [Double], _ imaginary: inout [Double]) {
        transform(&imaginary, &real)
        let scale = 1 / Double(count)
        for i in 0..<count {
            real[i] *= scale
            imaginary[i] *= scale
        }
    }

    /// One pass: `stride` interleaved transforms of `length` points become twice as many of
    /// half the length.
    /// - Parameters:
    ///   - length: of each transform; even.
    ///   - stride: number of interleaved transforms.
    ///   - real: what is read.
    ///   - imaginary: what is read.
    ///   - toReal: what is written.
    ///   - toImaginary: what is written.
    private func pass(
        _ length: Int, _ stride: Int, _ real: [Double], _ imaginary: [Double], _ toReal: inout [Double],
        _ toImaginary: inout [Double]
    ) {
        let half = length / 2
        let real = real.span
        let imaginary = imaginary.span
        let cosines = cosines.span
        let sines = sines.span
        var toReal = toReal.mutableSpan
        var toImaginary = toImaginary.mutableSpan
        for p in 0..<half {
            let c = cosines[unchecked: p * stride]
            let s = sines[unchecked: p * stride]
            let from = p * stride
            let to = 2 * p * stride
            for q in 0..<stride {
                let (a, b) = (from + q, from + q + half * stride)
                let (x, y) = (real[unchecked: a], imaginary[unchecked: a])
                let (u, v) = (real[unchecked: b], imaginary[unchecked: b])
                toReal[unchecked: to + q] = x + u
                toImaginary[unchecked: to + q] = y + v
                let (dx, dy) = (x - u, y - v)
                toReal[unchecked: to + stride + q] = dx * c - dy * s
                toImaginary[unchecked: to + stride + q] = dx * s + dy * c
            }
        }
    }
}
