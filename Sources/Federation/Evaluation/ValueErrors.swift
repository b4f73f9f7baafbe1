/// The errors of a regression: sums over the samples of an evaluation, for each output.
struct ValueErrors {
    /// The sums of one output.
    private struct Output {
        /// Σ (t − z)² and Σ |t − z|.
        var (squares, distances) = (0.0, 0.0)
        /// Σ (t − t₀) and Σ (t − t₀)²: from the first target, so that large targets of small variance lose no digits.
        var (shifted, shiftedSquares) = (0.0, 0.0)
        var first = 0.0
    }

    private var outputs: [Output]
    private var samples = 0

    /// No samples of so many outputs.
    init(outputs: Int) {
        self.outputs = [Output](repeating: Output(), count: outputs)
    }

    /// Adds samples.
    /// - Parameters:
    ///   - values: `[samples, outputs]`, what the model says.
    ///   - targets: `[samples, outputs]`.
    mutating func add(_ values: Span<Float>, targets: Span<Float>) {
        for start in stride(from: 0, to: targets.count, by: outputs.count) {
            for i in outputs.indices {
                let target = Double(targets[start + i])
                let error = target - Double(values[start + i])
                if samples == 0 { outputs[i].first = target }
                outputs[i].squares += error * error
                outputs[i].distances += abs(error)
                outputs[i].shifted += target - outputs[i].first
                outputs[i].shiftedSquares += (target - outputs[i].first) * (target - outputs[i].first)
            }
            samples += 1
        }
    }

    /// Root of the mean squared error over all outputs, which is the root of the loss; nil without samples.
    var rmse: Double? { mean { $0.squares / Double(samples) }.map { $0.squareRoot() } }

    /// Mean absolute error over all outputs; nil without samples.
    var mae: Double? { mean { $0.distances / Double(samples) } }

    /// Mean over the outputs of 1 − Σ (t − z)² / Σ (t − mean t)². Of an output whose targets are all equal it is 1 when
    /// every answer is right, otherwise 0. Nil without samples.
    var r2: Double? {
        mean { output in
            let total = output.shiftedSquares - output.shifted * output.shifted / Double(samples)
            return total > 0 ? 1 - output.squares / total : output.squares == 0 ? 1 : 0
        }
    }

    private func mean(_ value: (Output) -> Double) -> Double? {
        samples > 0 ? outputs.reduce(0) { $0 + value($1) } / Double(outputs.count) : nil
    }
}
