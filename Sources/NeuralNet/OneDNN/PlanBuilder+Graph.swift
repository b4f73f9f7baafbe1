import FedCore

// What a layer is told of its place among the others, and how it ends.
extension PlanBuilder {
    /// The tensor that the layer that is being compiled takes; of several, the first.
    var current: Tensor { inputs[0] }

    /// Whether the running statistics of the layer that is being compiled are frozen, so that it normalises by them.
    var hasFrozenStatistics: Bool {
        guard let frozen = model.frozen else { return false }
        return zip(frozen.layout.entries, frozen.isFrozen).contains {
            $0.0.layer == layerIndex && $0.0.role == .statistic && $0.1
        }
    }

    /// Shape of one sample that enters the layer that is being compiled, whatever the layout of ``current``; of several,
    /// the first.
    var inputShape: Shape { model.inputShapes(ofLayer: layerIndex)[0] }

    /// Shape of one sample of the layer's output.
    var outputShape: Shape { model.shapes[layerIndex + 1] }

    /// Whether the gradient of the layer's input is needed: parameters come before it.
    var needsInputGradient: Bool { needsInputGradients.contains(true) }

    /// The same for each of the inputs.
    var needsInputGradients: [Bool] {
        model.nodes[layerIndex].inputs.map { outputs[$0.position].needsGradient }
    }

    /// Whether another layer takes the current tensor, too, so that it may not be changed.
    var isShared: Bool {
        let place = outputs[model.nodes[layerIndex].inputs[0].position].place
        return place == 0
            || outputs.indices.filter { outputs[$0].place == place && $0 <= layerIndex }
                .flatMap { readers[$0] }.contains { $0 != layerIndex && !skipped.contains($0) && !isName($0) }
    }

    /// Whether a layer before this one has no tensor of its own.
    private func isName(_ layer: Int) -> Bool {
        layer < layerIndex && outputs[layer + 1].place != layer + 1
    }

    /// Whether every reader of the layer's output, through layers that work element by element, takes an image where it
    /// expects features: then a flattened image need not be moved.
    var flattensInNameAlone: Bool { readsAnyLayout(of: layerIndex) }

    private func readsAnyLayout(of layer: Int) -> Bool {
        let all = readers[layer + 1]
        return all.allSatisfy { reader in
            let layer = model.nodes[reader].layer
            return layer is Linear || layer.isElementwise && readsAnyLayout(of: reader)
        }
    }

    /// Whether a ReLU, and nothing else, takes the layer's output. If so, it is not compiled: the layer that asks must
    /// apply it itself.
    func fusesReLU() -> Bool {
        let readers = readers[layerIndex + 1]
        guard readers.count == 1, model.nodes[readers[0]].layer is ReLU else { return false }
        skipped.insert(readers[0])
        return true
    }

    /// Ends a layer of one input.
    /// - Parameters:
    ///   - output: the layer's output, the input of those that take it.
    ///   - differentiate: adds the layer's backward steps; not called in a plan for inference, nor when no layer up to
    ///     this one has parameters.
    func emit(_ output: Tensor, differentiate: @escaping Differentiate) {
        emit(output) { (plan, gradient) throws(OneDNNError) in [try differentiate(plan, gradient)] }
    }

    /// Ends a layer of several inputs.
    /// - Parameters:
    ///   - output: the layer's output.
    ///   - differentiate: adds the layer's backward steps, and returns a gradient for each input, nil where none is
    ///     needed.
    func emit(_ output: Tensor, differentiateEach differentiate: @escaping DifferentiateEach) {
        let place = layerIndex + 1
        outputs[place].tensor = output
        outputs[place].place = place
        if purpose == .training { tape.append((place, differentiate)) }
    }
}
