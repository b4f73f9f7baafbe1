import FedCore

// Gradients that are clipped sample by sample.
extension Plan {
    /// Finishes a training pass of a plan that clips samples: leaves Σᵢ gᵢ·min(1, C/‖gᵢ‖) in `withGradients`, over the pass's
    /// samples i, with gᵢ the gradient of sample i's own loss. A sum, not a mean.
    ///
    /// M. Abadi et al., *Deep Learning with Differential Privacy*, CCS 2016, arXiv:1607.00133, algorithm 1.
    /// - Parameter clipping: C, of the whole gradient or of each layer's part.
    /// - Returns: the number of samples whose gradient was no longer than C, in all its parts.
    /// - Throws: `OneDNNError` when a primitive fails.
    /// - Precondition: the plan clips samples, and a backward pass came before; the loss is a mean over the samples.
    @discardableResult
    public func clipGradients(to clipping: SampleClipping) throws(OneDNNError) -> Int {
        guard let samples else { preconditionFailure("the plan does not clip samples") }
        let count = training.count
        let within = memory.withFloats(of: samples.factors) { factors in
            memory.withFloats(of: samples.squares) { squares in
                clipping.factors(
                    of: squares.span, layers: samples.layers, batch: batch, count: count, into: &factors)
            }
        }
        engine.activate()
        for step in sumSteps { try step.execute(training) }
        return within
    }

    /// Where the vectors of `withGradients` hold parameters, ascending; between them is padding, which must stay zero.
    /// - Throws: `OneDNNError` when a reordering fails.
    /// - Complexity: O(parameters).
    public var trainedRanges: [Range<Int>] {
        get throws(OneDNNError) {
            let marks = Arena(byteCount: memory.weights.byteCount)
            let ones = [Float](repeating: 1, count: model.parameterCount)
            engine.activate()
            for (parameter, entry) in zip(parameters, model.parameterLayout.entries) where entry.role == .trained {
                try parameter.load(tensor: ones.span.extracting(entry.range), into: marks)
            }
            return marks.withFloats { marks in
                var ranges: [Range<Int>] = []
                var start: Int?
                for i in 0...marks.count {
                    let isParameter = i < marks.count && marks[i] != 0
                    if isParameter, start == nil { start = i }
                    if !isParameter, let begin = start {
                        ranges.append(begin..<i)
                        start = nil
                    }
                }
                return ranges
            }
        }
    }

    /// ‖gᵢ‖² of each sample of the latest backward pass, by layers: `[layers with trained parameters, samples]`.
    /// - Precondition: the plan clips samples.
    public var squaredSampleNorms: [[Float]] {
        guard let samples else { preconditionFailure("the plan does not clip samples") }
        // The loss is a mean: each sample's own is as many times as large.
        let scale = Float(training.count * training.count)
        return memory.withFloats(of: samples.squares) { squares in
            (0..<samples.layers).map { layer in (0..<training.count).map { squares[layer * batch + $0] * scale } }
        }
    }
}
