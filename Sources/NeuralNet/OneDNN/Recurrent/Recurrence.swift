import COneDNN

/// The steps of a recurrent layer in a plan: ``LSTM`` and ``GRU`` make one while they are compiled.
///
/// Tensors are ordered by time, so that what belongs to one step of all samples lies together: `[time, batch, …]`. The
/// products with the input are one product of matrices for all steps, and so are the gradients of the weights; only
/// those with the hidden state go step by step.
struct Recurrence {
    let cell: any RecurrentCell
    /// Number of features of the input.
    let inputs: Int
    /// Number of features of a hidden state.
    let hidden: Int
    /// Number of layers, one on top of the other.
    let layers: Int
    /// Whether the output is that of the last step alone.
    let returnsLast: Bool

    /// The tensors of one layer that its passes share.
    struct Level {
        let sizes: RecurrentSizes
        let inputWeights: ParameterTensors
        let hiddenWeights: ParameterTensors
        let inputBiases: ParameterTensors
        let hiddenBiases: ParameterTensors
        /// Input, `[time, batch, inputs]`.
        let input: Tensor
        /// Hidden states, `[time, batch, hidden]`.
        let states: Tensor
        /// The rows of blocks of ``RecurrentCell``, `[time, batch, stride]`.
        let blocks: Tensor
        /// Cell states and their tanh, `[2, time, batch, hidden]`.
        let cells: Tensor
        /// The state before the first step: zeros, `[batch, hidden]`.
        let start: Tensor
    }

    /// Compiles the layers' forward steps, and registers their backward steps.
    func compile(into plan: PlanBuilder) throws(OneDNNError) {
        let needsInputGradient = plan.needsInputGradient
        let original = plan.current
        let plain = try plan.plainInput()
        let (batch, steps) = (plan.batch, plan.inputShape.extents[0])
        let start = plan.tensor(try .plain([batch, hidden]), storage: .persistent)
        var input = plan.tensor(try .timeMajor([batch, steps, inputs]))
        try plan.reorder(plain, into: input)
        var all: [Level] = []
        for index in 0..<layers {
            let sizes = RecurrentSizes(
                steps: steps, batch: batch, inputs: index == 0 ? inputs : hidden, hidden: hidden)
            let layer = try layer(index, sizes, input, start: start, in: plan)
            try addForward(layer, in: plan)
            all.append(layer)
            input = layer.states
        }
        let output = plan.tensor(try .plain(returnsLast ? [batch, hidden] : [batch, steps, hidden]))
        let (states, perStep) = (input, batch * hidden)
        if returnsLast {
            plan.run(on: [states, output]) { tensors, _ in
                tensors[1].update(from: tensors[0] + (steps - 1) * perStep, count: perStep)
            }
        } else {
            // A copy in any case: a layer behind may change its input in place, and the derivative reads the states.
            try plan.reorder(states, into: output)
        }
        let compiled = all
        plan.emit(output) { (plan, gradient) throws(OneDNNError) in
            var gradients = plan.tensor(states.descriptor)
            let outputGradient = try plan.reordered(gradient.tensor, to: output.descriptor)
            if returnsLast {
                plan.run(on: [outputGradient, gradients]) { tensors, _ in
                    tensors[1].update(repeating: 0, count: (steps - 1) * perStep)
                    (tensors[1] + (steps - 1) * perStep).update(from: tensors[0], count: perStep)
                }
            } else {
                try plan.reorder(outputGradient, into: gradients)
            }
            for (index, layer) in compiled.enumerated().reversed() {
                let needsGradient = needsInputGradient || index > 0
                let inputGradient = needsGradient ? plan.tensor(layer.input.descriptor) : nil
                try addBackward(layer, gradients, inputGradient, in: plan)
                if let inputGradient { gradients = inputGradient }
            }
            guard needsInputGradient else { return nil }
            let inputGradient = plan.tensor(plain.descriptor)
            try plan.reorder(gradients, into: inputGradient)
            return Gradient(tensor: try plan.renamed(inputGradient, as: original))
        }
    }

    /// The parameters and tensors of a layer.
    private func layer(
        _ index: Int, _ sizes: RecurrentSizes, _ input: Tensor, start: Tensor, in plan: PlanBuilder
    ) throws(OneDNNError) -> Level {
        let (steps, batch, rows) = (sizes.steps, sizes.batch, cell.gates * hidden)
        let inputWeights = plan.parameter("weight_ih_l\(index)", try .plain([rows, sizes.inputs]))
        let hiddenWeights = plan.parameter("weight_hh_l\(index)", try .plain([rows, hidden]))
        let inputBiases = plan.parameter("bias_ih_l\(index)", try .plain([rows]))
        let hiddenBiases = plan.parameter("bias_hh_l\(index)", try .plain([rows]))
        return Level(
            sizes: sizes, inputWeights: inputWeights, hiddenWeights: hiddenWeights, inputBiases: inputBiases,
            hiddenBiases: hiddenBiases, input: input,
            states: plan.tensor(try .timeMajor([batch, steps, hidden])),
            blocks: plan.tensor(try .plain([steps, batch, sizes.stride])),
            cells: plan.tensor(try .plain([2, steps, batch, cell is LongShortTermMemory ? hidden : 1])), start: start)
    }
}

/// The sizes of one layer of a recurrence.
struct RecurrentSizes {
    /// Number of time steps.
    let steps: Int
    let batch: Int
    let inputs: Int
    let hidden: Int

    /// Distance of the rows of blocks. Not a power of two, as four blocks often are: the columns that a transposed
    /// product reads would fall on the same lines of the cache, and it would take twice as long.
    var stride: Int { (4 * hidden + 15) / 16 * 16 + 16 }
    /// Number of rows: those of all steps.
    var rows: Int { steps * batch }
}
