/// How long a single sample's gradient may be.
public enum SampleClipping: Sendable, Equatable {
    /// The whole gradient has a length of at most C > 0.
    case flat(Float)
    /// Each layer's part of it has a length of at most C / √layers, so that the whole has C at most.
    case perLayer(Float)

    /// What rounding may lengthen a gradient by: factors are smaller by so much, and the promise does not depend on how sums were
    /// rounded.
    private static let margin: Float = 1e-5

    /// Finds what each layer's part of each sample's gradient is multiplied by.
    /// - Parameters:
    ///   - squares: squared lengths of the gradients of the mean loss, `[layers, batch]`.
    ///   - layers: number of layers.
    ///   - batch: samples of a full batch.
    ///   - count: samples of the pass, over which the loss is a mean.
    ///   - factors: `[layers, batch]`.
    /// - Returns: the number of samples whose gradient is multiplied by 1.
    func factors(
        of squares: Span<Float>, layers: Int, batch: Int, count: Int, into factors: inout MutableSpan<Float>
    ) -> Int {
        let samples = Float(count)
        var within = 0
        for sample in 0..<count {
            var isWithin = true
            switch self {
            case .flat(let bound):
                var square: Float = 0
                for layer in 0..<layers { square += squares[layer * batch + sample] }
                let factor = Self.factor(samples * square.squareRoot(), bound, &isWithin)
                for layer in 0..<layers { factors[layer * batch + sample] = factor * samples }
            case .perLayer(let bound):
                let part = bound / Float(layers).squareRoot()
                for layer in 0..<layers {
                    let index = layer * batch + sample
                    factors[index] = samples * Self.factor(samples * squares[index].squareRoot(), part, &isWithin)
                }
            }
            if isWithin { within += 1 }
        }
        return within
    }

    /// min(1, C / ‖g‖), and 0 for a gradient that is no number, which must not spoil the sum.
    private static func factor(_ length: Float, _ bound: Float, _ isWithin: inout Bool) -> Float {
        if length <= bound { return 1 - margin }
        isWithin = false
        return length.isFinite ? bound / length * (1 - margin) : 0
    }
}
