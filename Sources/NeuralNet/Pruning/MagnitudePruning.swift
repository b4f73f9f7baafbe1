import FedCore

/// The set of weights that are compared with each other when the smallest are cut; the raw values are the command
/// line's.
public enum PruningScope: String, Sendable, CaseIterable {
    /// All weights of the model: layers with small weights lose more.
    case global
    /// The weights of each layer: all layers lose the same share.
    case layer
}

extension TrainedModel {
    /// The ranges of weights that may be cut: those of convolutions and linear layers, not biases and normalisation,
    /// which are too few to save anything.
    var prunable: [Range<Int>] {
        model.parameterLayout.entries.filter { $0.shape.count > 1 && !$0.isNormalization }.map(\.range)
    }

    /// The pruning mask in the canonical order: 0 for a weight that pruning may cut and that is zero, 1 for all other
    /// parameters. Fine-tuning multiplies by it after each step, so that cut weights stay zero. O(parameters).
    public var mask: [Float] {
        var mask = [Float](repeating: 1, count: weights.count)
        for range in prunable {
            for i in range where weights[i] == 0 { mask[i] = 0 }
        }
        return mask
    }

    /// The share of the weights that are zero, in [0, 1]; biases and normalisation are not counted. O(parameters).
    public var sparsity: Double {
        let count = prunable.reduce(0) { $0 + $1.count }
        let zeros = prunable.reduce(0) { sum, range in sum + weights[range].count { $0 == 0 } }
        return Double(zeros) / Double(max(1, count))
    }

    /// The model with the weights of least magnitude set to zero; of equal ones, those that come first.
    ///
    /// The shapes stay: the file becomes smaller, passes do not become faster. See ``narrowed(_:)`` for that.
    ///
    /// S. Han, J. Pool, J. Tran, W. Dally, *Learning both Weights and Connections for Efficient Neural Networks*,
    /// NeurIPS 2015, arXiv:1506.02626, section 3.
    ///
    /// - Parameters:
    ///   - sparsity: share of the weights that are zero afterwards, in [0, 1]; zeros that are there count.
    ///   - scope: the weights that are compared with each other.
    /// - Complexity: O(parameters · log parameters).
    /// - Precondition: `sparsity` is in [0, 1].
    public func pruned(_ sparsity: Double, scope: PruningScope) -> TrainedModel {
        precondition(sparsity >= 0 && sparsity <= 1, "a sparsity of \(sparsity) is outside [0, 1]")
        var weights = weights
        func cut(_ indices: [Int]) {
            let order = indices.sorted { (weights[$0].magnitude, $0) < (weights[$1].magnitude, $1) }
            for i in order.prefix(Int((sparsity * Double(indices.count)).rounded())) { weights[i] = 0 }
        }
        switch scope {
        case .global: cut(prunable.flatMap { Array($0) })
        case .layer: for range in prunable { cut(Array(range)) }
        }
        return TrainedModel(model, weights: weights, metadata: metadata)
    }
}
