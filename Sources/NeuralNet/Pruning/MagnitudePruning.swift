import FedCore

/// Which weights are compared with which when the smallest are cut.
public enum PruningScope: String, Sendable, CaseIterable {
    /// All of the model: layers with small weights lose more.
    case global
    /// Those of each layer: all lose the same share.
    case layer
}

extension TrainedModel {
    /// Where weights lie that may be cut: those of convolutions and linear layers, not biases, not normalisation.
    var prunable: [Range<Int>] {
        model.parameterLayout.entries.filter { $0.shape.count > 1 && !$0.isNormalization }.map(\.range)
    }

    /// In the canonical order: 0 for a weight that pruning may cut and that is zero, 1 for all other parameters.
    public var mask: [Float] {
        var mask = [Float](repeating: 1, count: weights.count)
        for range in prunable {
            for i in range where weights[i] == 0 { mask[i] = 0 }
        }
        return mask
    }

    /// The share of the weights that are zero; biases and what normalises are not counted.
    public var sparsity: Double {
        let count = prunable.reduce(0) { $0 + $1.count }
        let zeros = prunable.reduce(0) { sum, range in sum + weights[range].count { $0 == 0 } }
        return Double(zeros) / Double(max(1, count))
    }

    /// The model with the weights of least magnitude set to zero; of equals, those that come first.
    ///
    /// S. Han, J. Pool, J. Tran, W. Dally, *Learning both Weights and Connections for Efficient Neural Networks*, NeurIPS
    /// 2015, arXiv:1506.02626, section 3.
    /// - Parameter sparsity: the share of the weights to cut, in [0, 1]; zeros that are there count.
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
