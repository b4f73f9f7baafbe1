import FedCore
import NeuralNet

/// A bound of updates, and the lattice that they are moved to so that noise can be added in whole numbers.
///
/// The lattice as in P. Kairouz, Z. Liu, T. Steinke, *The Distributed Discrete Gaussian Mechanism*, ICML 2021,
/// arXiv:2102.06387.
struct ClipLattice: Sendable, Equatable {
    /// C, the largest L2 norm of an update.
    let clip: Float
    /// Norm to which updates are clipped before they are rounded: C less what rounding can add.
    let norm: Float
    /// The distance of the lattice's points, a power of two.
    let grid: Float

    /// Clips for which sums are exact.
    static let clips: ClosedRange<Double> = 0.001...1000

    /// The lattice of a bound.
    /// - Parameters:
    ///   - clip: C.
    ///   - floats: numbers of an update.
    ///   - points: points from 0 to C at least, a power of two: 2²⁰ are 21 bits, which a Float holds, and an exact sum does.
    /// - Returns: nil for a clip that the exact sum is too coarse or too small for, or that rounding eats up.
    init?(clip: Float, floats: Int, points: Float = 0x1p20) {
        guard clip.isNormal, clip > 0, clip <= 0x1p10 else { return nil }
        let step = Float(sign: .plus, exponent: clip.exponent, significand: 1) / points
        // Each number moves by half a step at most.
        norm = clip - step / 2 * Float(floats).squareRoot() * (1 + 0x1p-20)
        guard norm > 0, step >= 0x1p-32 else { return nil }
        self.clip = clip
        grid = step
    }

    /// Points from 0 to C.
    var pointsPerClip: Double { Double(clip) / Double(grid) }

    /// Clips an update and moves it to the lattice. O(floats), two passes.
    /// - Parameter update: what a client has trained; afterwards its norm is at most ``clip``.
    /// - Returns: whether its norm was at most ``clip``.
    @discardableResult func apply(to update: inout MutableSpan<Float>) -> Bool {
        let length = update.span.squaredNorm.squareRoot()
        let factor = length > Double(norm) ? Double(norm) / length : 1
        for i in 0..<update.count {
            let scaled = Float(Double(update[unchecked: i]) * factor) / grid
            update[unchecked: i] = scaled.rounded(.toNearestOrEven) * grid
        }
        return length <= Double(clip)
    }
}
