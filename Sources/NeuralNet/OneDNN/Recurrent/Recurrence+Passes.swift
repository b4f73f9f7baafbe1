// Forward and backward steps of one layer.
extension Recurrence {
    /// Adds the forward steps: one product for the inputs of all time steps, then step after step.
    func addForward(_ layer: Level, in plan: PlanBuilder) throws(OneDNNError) {
        let (cell, sizes, hidden) = (cell, layer.sizes, hidden)
        let biases = plan.tensor(try .plain([4 * hidden]))
        plan.run(
            on: [
                layer.input, layer.inputWeights.value, layer.hiddenWeights.value, layer.inputBiases.value,
                layer.hiddenBiases.value, layer.states, layer.blocks, layer.cells, layer.start, biases,
            ],
            calling: { (tensors, _) throws(OneDNNError) in
                let (states, blocks, start, biases) = (tensors[5], tensors[6], tensors[8], tensors[9])
                Self.add(tensors[3], tensors[4], of: cell, hidden: hidden, into: biases)
                try multiply(
                    Matrix(tensors[0], stride: sizes.inputs), Matrix(tensors[1], stride: sizes.inputs).transposed,
                    into: Matrix(blocks, stride: sizes.stride), rows: sizes.rows, columns: cell.gates * hidden,
                    inner: sizes.inputs)
                for time in 0..<sizes.steps {
                    let step = Self.step(
                        time, sizes, blocks: blocks, biases: biases, states: states, state: states, cells: tensors[7],
                        start: start, previousGradient: start, cellGradient: start)
                    let previous = Matrix(UnsafeMutablePointer(mutating: step.previous), stride: hidden)
                    let shared = cell.sharedGates * hidden
                    try multiply(
                        previous, Matrix(tensors[2], stride: hidden).transposed,
                        into: Matrix(step.blocks, stride: sizes.stride), rows: sizes.batch, columns: shared,
                        inner: hidden, adds: true)
                    if cell.sharedGates < cell.gates {
                        try multiply(
                            previous, Matrix(tensors[2] + shared * hidden, stride: hidden).transposed,
                            into: Matrix(step.blocks + 3 * hidden, stride: sizes.stride), rows: sizes.batch,
                            columns: hidden, inner: hidden)
                    }
                    cell.activate(step)
                }
            })
    }

    /// Adds the backward steps: step before step, then one product for each gradient of weights.
    /// - Parameters:
    ///   - gradients: gradient with respect to the layer's states; the steps add to it.
    ///   - inputGradient: memory for the gradient with respect to the input, if that is needed.
    func addBackward(
        _ layer: Level, _ gradients: Tensor, _ inputGradient: Tensor?, in plan: PlanBuilder
    ) throws(OneDNNError) {
        let (cell, sizes, hidden) = (cell, layer.sizes, hidden)
        // The gradients of the cell state and of the state before the first step, and sums for the biases.
        let notes = plan.tensor(try .plain([2 * sizes.batch * hidden + 4 * hidden]))
        let (weights, perStep) = (layer.hiddenWeights, sizes.batch * hidden)
        plan.run(
            on: [
                weights.value, weights.gradient, layer.inputBiases.gradient, layer.hiddenBiases.gradient, layer.states,
                layer.blocks, layer.cells, layer.start, gradients, notes,
            ],
            calling: { (tensors, _) throws(OneDNNError) in
                let (states, blocks, gradients, notes) = (tensors[4], tensors[5], tensors[8], tensors[9])
                notes.update(repeating: 0, count: 2 * perStep + 4 * hidden)
                let sums = notes + 2 * perStep
                let shared = cell.sharedGates * hidden
                for time in (0..<sizes.steps).reversed() {
                    let before = time > 0 ? gradients + (time - 1) * perStep : notes + perStep
                    let step = Self.step(
                        time, sizes, blocks: blocks, biases: sums, states: states, state: gradients, cells: tensors[6],
                        start: tensors[7], previousGradient: before, cellGradient: notes)
                    cell.differentiate(step)
                    Self.addRows(of: step, into: sums)
                    guard time > 0 else { break }
                    try multiply(
                        Matrix(step.blocks, stride: sizes.stride), Matrix(tensors[0], stride: hidden),
                        into: Matrix(before, stride: hidden), rows: sizes.batch, columns: hidden, inner: shared,
                        adds: true)
                    if cell.sharedGates < cell.gates {
                        try multiply(
                            Matrix(step.blocks + 3 * hidden, stride: sizes.stride),
                            Matrix(tensors[0] + shared * hidden, stride: hidden),
                            into: Matrix(before, stride: hidden), rows: sizes.batch, columns: hidden, inner: hidden,
                            adds: true)
                    }
                }
                Self.store(sums, of: cell, hidden: hidden, tensors[2], tensors[3])
                let later = blocks + sizes.batch * sizes.stride
                try Self.differentiate(
                    Matrix(later, stride: sizes.stride), Matrix(states, stride: hidden), into: tensors[1],
                    rows: shared, inner: sizes.rows - sizes.batch)
                if cell.sharedGates < cell.gates {
                    try Self.differentiate(
                        Matrix(later + 3 * hidden, stride: sizes.stride), Matrix(states, stride: hidden),
                        into: tensors[1] + shared * hidden, rows: hidden, inner: sizes.rows - sizes.batch)
                }
            })
        plan.run(
            on: [layer.input, layer.blocks, layer.inputWeights.gradient],
            calling: { (tensors, _) throws(OneDNNError) in
                try Self.differentiate(
                    Matrix(tensors[1], stride: sizes.stride), Matrix(tensors[0], stride: sizes.inputs),
                    into: tensors[2], rows: cell.gates * hidden, inner: sizes.rows)
            })
        guard let inputGradient else { return }
        plan.run(
            on: [layer.blocks, layer.inputWeights.value, inputGradient],
            calling: { (tensors, _) throws(OneDNNError) in
                try multiply(
                    Matrix(tensors[0], stride: sizes.stride), Matrix(tensors[1], stride: sizes.inputs),
                    into: Matrix(tensors[2], stride: sizes.inputs), rows: sizes.rows, columns: sizes.inputs,
                    inner: cell.gates * hidden)
            })
    }

    /// The gradient of weights: the transposed blocks times what the weights were multiplied with.
    /// - Parameters:
    ///   - rows: rows of the weights.
    ///   - inner: number of rows of both matrices; 0 for the hidden state of a single step.
    private static func differentiate(
        _ blocks: Matrix, _ values: Matrix, into weights: UnsafeMutablePointer<Float>, rows: Int, inner: Int
    ) throws(OneDNNError) {
        guard inner > 0 else { return weights.update(repeating: 0, count: rows * values.stride) }
        try multiply(
            blocks.transposed, values, into: Matrix(weights, stride: values.stride), rows: rows,
            columns: values.stride, inner: inner)
    }

    /// The numbers of a time step.
    /// - Parameters:
    ///   - states: hidden states of all steps.
    ///   - state: hidden states, or their gradients, of all steps.
    private static func step(
        _ time: Int, _ sizes: RecurrentSizes, blocks: UnsafeMutablePointer<Float>, biases: UnsafePointer<Float>,
        states: UnsafeMutablePointer<Float>, state: UnsafeMutablePointer<Float>, cells: UnsafeMutablePointer<Float>,
        start: UnsafeMutablePointer<Float>, previousGradient: UnsafeMutablePointer<Float>,
        cellGradient: UnsafeMutablePointer<Float>
    ) -> RecurrentStep {
        let perStep = sizes.batch * sizes.hidden
        return RecurrentStep(
            batch: sizes.batch, hidden: sizes.hidden, stride: sizes.stride,
            blocks: blocks + time * sizes.batch * sizes.stride, biases: biases,
            previous: time > 0 ? states + (time - 1) * perStep : start, state: state + time * perStep,
            previousGradient: previousGradient, previousCell: time > 0 ? cells + (time - 1) * perStep : start,
            cell: cells + time * perStep, squashedCell: cells + (sizes.steps + time) * perStep,
            cellGradient: cellGradient)
    }

    /// Adds the two biases of each block; those of the hidden state's own block stay apart.
    private static func add(
        _ inputBiases: UnsafePointer<Float>, _ hiddenBiases: UnsafePointer<Float>, of cell: any RecurrentCell,
        hidden: Int, into biases: UnsafeMutablePointer<Float>
    ) {
        let shared = cell.sharedGates * hidden
        biases.update(from: inputBiases, count: cell.gates * hidden)
        for i in 0..<shared { biases[i] += hiddenBiases[i] }
        if cell.sharedGates < cell.gates { (biases + 3 * hidden).update(from: hiddenBiases + shared, count: hidden) }
    }

    /// Adds the rows of blocks of a step, sample after sample.
    private static func addRows(of step: RecurrentStep, into sums: UnsafeMutablePointer<Float>) {
        for sample in 0..<step.batch {
            let row = step.blocks + sample * step.stride
            for i in 0..<4 * step.hidden { sums[i] += row[i] }
        }
    }

    /// Writes the sums of blocks into the gradients of the biases.
    private static func store(
        _ sums: UnsafePointer<Float>, of cell: any RecurrentCell, hidden: Int,
        _ inputBiases: UnsafeMutablePointer<Float>, _ hiddenBiases: UnsafeMutablePointer<Float>
    ) {
        let shared = cell.sharedGates * hidden
        inputBiases.update(from: sums, count: cell.gates * hidden)
        hiddenBiases.update(from: sums, count: shared)
        if cell.sharedGates < cell.gates { (hiddenBiases + shared).update(from: sums + 3 * hidden, count: hidden) }
    }
}
