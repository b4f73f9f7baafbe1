import FedCore

/// What a plan keeps of single samples' gradients, where it clips them: a plan does not hold a gradient of the whole model for each
/// sample, which would be as much memory as the batch has samples times the model.
///
/// A layer's part of a sample's gradient is either a row of memory, where that is smaller than what the sample's activations take; or
/// only its length is found, and what the batch's gradient is made of is scaled before it is made. Linear layers need neither:
/// of the product x·δᵀ the length is ‖x‖·‖δ‖.
///
/// I. Goodfellow, *Efficient Per-Example Gradient Computations*, 2015, arXiv:1510.01799; J. Lee, D. Kifer, *Scaling up
/// Differentially Private Deep Learning with Fast Per-Example Gradient Clipping*, PoPETS 2021, arXiv:2009.03106.
struct SampleTensors {
    /// ‖∇ℓᵢ‖² of each layer with parameters, of the loss as the backward pass began, `[layers, batch]`.
    let squares: Tensor
    /// What each layer's part of a sample's gradient is multiplied by in the sum, `[layers, batch]`.
    let factors: Tensor
    /// Layers with trained parameters.
    let layers: Int
    /// The layers whose sums of squares a step has begun.
    var begun: Set<Int> = []
}

/// What computes one sample's gradients of a layer's parameters.
/// - Parameters:
///   - sample: index in the batch.
///   - gradients: where each parameter's gradient is written, in their order.
typealias SampleKernel = (_ sample: Int, _ gradients: [UnsafeMutablePointer<Float>]) throws(OneDNNError) -> Void

/// The step that runs a ``SampleKernel`` for each valid sample, and adds up the squares of what it wrote.
final class SampleStep: Step {
    /// A parameter's rows.
    struct Rows {
        /// The first row.
        let base: UnsafeMutablePointer<Float>
        /// Floats of a row.
        let count: Int
        /// Whether each sample has a row of its own; otherwise all have the same.
        let isKept: Bool
        /// Whether it counts: frozen parameters do not.
        let counts: Bool
    }

    private let rows: [Rows]
    private let squares: UnsafeMutablePointer<Float>
    /// Whether the layer has had another step: one for each level of a recurrent layer.
    private let adds: Bool
    private let kernel: SampleKernel
    /// Where the rows of the sample at hand begin; kept, so that a pass allocates nothing.
    private var places: [UnsafeMutablePointer<Float>]

    /// Makes a step.
    /// - Parameters:
    ///   - squares: `[batch]`, the layer's.
    ///   - adds: whether a step before this one has begun the layer's sums of squares.
    init(_ rows: [Rows], squares: UnsafeMutablePointer<Float>, adds: Bool, _ kernel: @escaping SampleKernel) {
        self.rows = rows
        self.squares = squares
        self.adds = adds
        self.kernel = kernel
        places = rows.map(\.base)
    }

    func execute(_ context: StepContext) throws(OneDNNError) {
        for sample in 0..<context.count {
            for index in rows.indices where rows[index].isKept {
                places[index] = rows[index].base + sample * rows[index].count
            }
            try kernel(sample, places)
            var square = adds ? squares[sample] : 0
            for index in rows.indices where rows[index].counts {
                square += squaredLength(places[index], rows[index].count)
            }
            squares[sample] = square
        }
    }
}

/// Σ x² of floats that lie one after the other, in an order that depends on their number alone.
func squaredLength(_ values: UnsafePointer<Float>, _ count: Int) -> Float {
    var sums = (Floats.zero, Floats.zero, Floats.zero, Floats.zero)
    let whole = count / 32 * 32
    for start in stride(from: 0, to: whole, by: 32) {
        let (a, b) = (Floats(values + start, 8), Floats(values + start + 8, 8))
        let (c, d) = (Floats(values + start + 16, 8), Floats(values + start + 24, 8))
        sums = (sums.0 + a * a, sums.1 + b * b, sums.2 + c * c, sums.3 + d * d)
    }
    Floats.forEach(count - whole) { start, some in
        let rest = Floats(values + whole + start, some)
        sums.0 += rest * rest
    }
    return ((sums.0 + sums.1) + (sums.2 + sums.3)).sum()
}

/// Σᵢ fᵢ·rowᵢ.
/// - Parameters:
///   - rows: `[samples, count]`.
///   - factors: `[samples]`.
///   - sum: `[count]`.
func addRows(
    _ rows: UnsafePointer<Float>, times factors: UnsafePointer<Float>, samples: Int, count: Int,
    into sum: UnsafeMutablePointer<Float>
) {
    sum.update(repeating: 0, count: count)
    // Four rows at a time: the sum is read and written a quarter as often.
    for first in stride(from: 0, to: samples, by: 4) {
        let some = min(4, samples - first)
        // What is left out may be no number, and must not be multiplied: a row with a factor takes its place.
        guard let sound = (first..<first + some).first(where: { factors[$0] != 0 }) else { continue }
        func place(_ row: Int) -> Int { row < some && factors[first + row] != 0 ? first + row : sound }
        func factor(_ row: Int) -> Floats { Floats(repeating: row < some ? factors[first + row] : 0) }
        func row(_ row: Int) -> UnsafePointer<Float> { rows + place(row) * count }
        let (f0, f1, f2, f3) = (factor(0), factor(1), factor(2), factor(3))
        let (r0, r1, r2, r3) = (row(0), row(1), row(2), row(3))
        Floats.forEach(count) { start, width in
            let left = Floats(r0 + start, width) * f0 + Floats(r1 + start, width) * f1
            let right = Floats(r2 + start, width) * f2 + Floats(r3 + start, width) * f3
            (Floats(sum + start, width) + (left + right)).store(sum + start, width)
        }
    }
}

/// Each sample's numbers times its factor, and zeros for the samples beyond.
/// - Parameters:
///   - values: `[batch, perSample]`.
///   - factors: `[samples]`.
///   - result: `[batch, perSample]`; may be `values`.
func scaleSamples(
    _ values: UnsafePointer<Float>, times factors: UnsafePointer<Float>, samples: Int, batch: Int, perSample: Int,
    into result: UnsafeMutablePointer<Float>
) {
    for sample in 0..<samples {
        let (from, to) = (values + sample * perSample, result + sample * perSample)
        guard factors[sample] != 0 else {
            // What is left out may be no number.
            to.update(repeating: 0, count: perSample)
            continue
        }
        let factor = Floats(repeating: factors[sample])
        Floats.forEach(perSample) { start, count in (Floats(from + start, count) * factor).store(to + start, count) }
    }
    (result + samples * perSample).update(repeating: 0, count: (batch - samples) * perSample)
}
