import Foundation

/// The distribution of a sum of independent losses, by Fourier transforms on a circle.
///
/// A. Koskela, J. Jälkö, A. Honkela, *Computing Tight Differential Privacy Guarantees Using
/// FFT*, AISTATS 2020, arXiv 1906.03049. Losses are taken modulo the circle's length. What
/// falls outside the window that is read from it comes back in at the wrong place; its mass is
/// bounded by the caller, who counts it as infinite loss.
///
/// Both directions travel as one complex sequence, removal as its real part: their spectra are
/// told apart by symmetry, so that one transform there and one back do for both.
struct LossComposition {
    /// Spectra of the product so far, for the frequencies 0...count/2: removal's and
    /// addition's, real and imaginary parts.
    private var remove: Spectrum
    private var add: Spectrum
    /// Logarithm of the probability that no loss is infinite.
    private var logFinite = (remove: 0.0, add: 0.0)
    /// Sum of the shifts, in nats.
    private var shift = (remove: 0.0, add: 0.0)
    /// Transforms as long as the circle.
    private let fourier: FourierTransform
    /// Distance of two losses, in nats.
    private let step: Double

    /// Complex numbers.
    private struct Spectrum {
        var real: [Double]
        var imaginary: [Double]
    }

    /// No loss at all.
    /// - Parameters:
    ///   - count: points of the circle, a power of two.
    ///   - step: of all distributions that will be added.
    init(count: Int, step: Double) {
        fourier = FourierTransform(count: count)
        self.step = step
        let half = count / 2 + 1
        remove = Spectrum(
            real: [Double](repeating: 1, count: half), imaginary: [Double](repeating: 0, count: half))
        add = remove
    }

    /// Adds a loss, so many times. O(n log n + n log times).
    /// - Parameters:
    ///   - pair: the loss of one release, in both directions; longer than the circle, if need
    ///     be.
    ///   - times: how often, from 1.
    mutating func add(_ pair: LossPair, times: Int) {
        precondition(pair.remove.step == step && pair.add.step == step, "losses of another grid")
        let count = fourier.count
        var real = [Double](repeating: 0, count: count)
        var imaginary = real
        for (i, mass) in pair.remove.masses.enumerated() { real[(pair.remove.first + i) & (count - 1)] += mass }
        for (i, mass) in pair.add.masses.enumerated() { imaginary[(pair.add.first + i) & (count - 1)] += mass }
        fourier.transform(&real, &imaginary)
        for k in 0...count / 2 {
            let mirror = (count - k) & (count - 1)
            // With F = A + iB of real sequences: A = (F + F̄ mirrored) / 2, B = (F − F̄ mirrored) / 2i.
            let a = power(
                (real[k] + real[mirror]) / 2, (imaginary[k] - imaginary[mirror]) / 2, times)
            let b = power(
                (imaginary[k] + imaginary[mirror]) / 2, (real[mirror] - real[k]) / 2, times)
            Self.multiply(&remove, k, a)
            Self.multiply(&add, k, b)
        }
        logFinite.remove += Double(times) * log1p(-pair.remove.infinite)
        logFinite.add += Double(times) * log1p(-pair.add.infinite)
        shift.remove += Double(times) * pair.remove.shift
        shift.add += Double(times) * pair.add.shift
    }

    /// Multiplies one frequency.
    /// - Parameters:
    ///   - spectrum: the product so far.
    ///   - k: the frequency.
    ///   - factor: its factor.
    private static func multiply(_ spectrum: inout Spectrum, _ k: Int, _ factor: (real: Double, imaginary: Double)) {
        let (x, y) = (spectrum.real[k], spectrum.imaginary[k])
        spectrum.real[k] = x * factor.real - y * factor.imaginary
        spectrum.imaginary[k] = x * factor.imaginary + y * factor.real
    }

    /// A power of a complex number of magnitude up to 1, by squaring; 0 where it has no digits
    /// left, since denormal numbers are slow.
    /// - Parameters:
    ///   - real: real part.
    ///   - imaginary: imaginary part.
    ///   - times: the exponent, from 1.
    private func power(_ real: Double, _ imaginary: Double, _ times: Int) -> (real: Double, imaginary: Double) {
        var (x, y) = (1.0, 0.0)
        var (a, b) = (real, imaginary)
        var left = times
        while true {
            if left & 1 == 1 { (x, y) = (x * a - y * b, x * b + y * a) }
            left >>= 1
            guard left > 0 else { return (x, y) }
            (a, b) = (a * a - b * b, 2 * a * b)
            // The highest power is a factor of the result.
            if a * a + b * b < 1e-60 { return (0, 0) }
        }
    }

    /// The losses of everything that was added, read from a window of the circle.
    /// - Parameters:
    ///   - first: the window's first loss, in steps.
    ///   - lost: mass outside the window, and that can have come back into it; counted as
    ///     infinite.
    /// - Returns: as many losses as the circle has points, from the first on.
    /// - Complexity: O(n log n).
    func losses(first: Int, lost: Double) -> LossPair {
        let count = fourier.count
        var real = [Double](repeating: 0, count: count)
        var imaginary = real
        for k in 0...count / 2 {
            let mirror = (count - k) & (count - 1)
            let (ax, ay) = (remove.real[k], remove.imaginary[k])
            let (bx, by) = (add.real[k], add.imaginary[k])
            real[k] = ax - by
            imaginary[k] = ay + bx
            if mirror != k {
                real[mirror] = ax + by
                imaginary[mirror] = bx - ay
            }
        }
        fourier.invert(&real, &imaginary)
        func window(_ circle: [Double], _ logFinite: Double, _ shift: Double) -> LossMasses {
            LossMasses(
                step: step, first: first, shift: shift, masses: (0..<count).map { circle[(first + $0) & (count - 1)] },
                infinite: lost - expm1(logFinite))
        }
        return LossPair(
            remove: window(real, logFinite.remove, shift.remove), add: window(imaginary, logFinite.add, shift.add))
    }
}
