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
        // The gradients of the cell state and of the state before the first step.
        let notes = plan.tensor(try .plain([2 * sizes.batch * hidden]))
        let (weights, perStep) = (layer.hiddenWeights, sizes.batch * hidden)
        plan.run(
            on: [weights.value, layer.states, layer.blocks, layer.cells, layer.start, gradients, notes],
            calling: { (tensors, _) throws(OneDNNError) in
                let (states, blocks, gradients, notes) = (tensors[1], tensors[2], tensors[5], tensors[6])
                notes.update(repeating: 0, count: 2 * perStep)
                let shared = cell.sharedGates * hidden
                for time in (0..<sizes.steps).reversed() {
                    let before = time > 0 ? gradients + (time - 1) * perStep : notes + perStep
                    let step = Self.step(
                        time, sizes, blocks: blocks, biases: notes, states: states, state: gradients, cells: tensors[3],
                        start: tensors[4], previousGradient: before, cellGradient: notes)
                    cell.differentiate(step)
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
            })
        if plan.clipsSamples { try clipSamples(layer, in: plan) } else { try addWeightGradients(layer, in: plan) }
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

    /// Adds the gradients of a layer's parameters, from the blocks of all steps.
    private func addWeightGradients(_ layer: Level, in plan: PlanBuilder) throws(OneDNNError) {
        let (sizes, samples) = (layer.sizes, 0..<layer.sizes.batch)
        let gradients = [layer.inputWeights, layer.hiddenWeights, layer.inputBiases, layer.hiddenBiases].map(\.gradient)
        let sums = plan.tensor(try .plain([4 * hidden]))
        plan.run(
            on: [layer.input, layer.states, layer.blocks, sums] + gradients,
            calling: { [self] (tensors, _) throws(OneDNNError) in
                try differentiate(
                    samples, sizes, input: tensors[0], states: tensors[1], blocks: tensors[2], sums: tensors[3],
                    into: Array(tensors[4...]))
            })
    }

    /// Adds the gradients of a layer's parameters of each sample by itself.
    private func clipSamples(_ layer: Level, in plan: PlanBuilder) throws(OneDNNError) {
        let parameters = [layer.inputWeights, layer.hiddenWeights, layer.inputBiases, layer.hiddenBiases]
        guard !parameters.allSatisfy(\.isFrozen) else { return }
        let sizes = layer.sizes
        let sums = plan.tensor(try .plain([4 * hidden]))
        let tensors = [layer.input, layer.states, layer.blocks, sums]
        try plan.clipEachSample(
            parameters.map { ($0, $0.value.descriptor) }, using: tensors,
            room: sizes.steps * (sizes.inputs + sizes.stride)
        ) { [self] memory in
            let all = memory.firstElements(of: tensors)
            return { (sample, gradients) throws(OneDNNError) in
                try differentiate(
                    sample..<sample + 1, sizes, input: all[0], states: all[1], blocks: all[2], sums: all[3],
                    into: gradients)
            }
        } again: { [self] (plan, row) throws(OneDNNError) in
            guard let factors = plan.samples?.factors else { return }
            // Nobody reads the blocks again.
            plan.run(on: [layer.blocks, factors]) { tensors, context in
                for time in 0..<sizes.steps {
                    let rows = tensors[0] + time * sizes.batch * sizes.stride
                    scaleSamples(
                        rows, times: tensors[1] + row * sizes.batch, samples: context.count, batch: sizes.batch,
                        perSample: sizes.stride, into: rows)
                }
            }
            try addWeightGradients(layer, in: plan)
        }
    }

    /// Computes the gradients of a layer's parameters over some samples, from the blocks of all steps.
    /// - Parameters:
    ///   - samples: one sample, or all.
    ///   - sums: memory for the blocks of a row.
    ///   - gradients: of the weights of input and hidden state, and of their biases.
    private func differentiate(
        _ samples: Range<Int>, _ sizes: RecurrentSizes, input: UnsafeMutablePointer<Float>,
        states: UnsafeMutablePointer<Float>, blocks: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Float>,
        into gradients: [UnsafeMutablePointer<Float>]
    ) throws(OneDNNError) {
        // The rows of one sample are as far apart as those of a step; those of all samples follow each other.
        let isWhole = samples.count == sizes.batch
        let (apart, rows) = isWhole ? (1, sizes.rows) : (sizes.batch, sizes.steps)
        let rowsOfStep = isWhole ? sizes.batch : 1
        let (first, shared) = (samples.lowerBound, cell.sharedGates * hidden)
        func matrix(_ base: UnsafeMutablePointer<Float>, _ width: Int) -> Matrix {
            Matrix(base + first * width, stride: width * apart)
        }
        sums.update(repeating: 0, count: 4 * hidden)
        let own = blocks + first * sizes.stride
        for row in 0..<rows { Self.add(own + row * apart * sizes.stride, 4 * hidden, to: sums) }
        Self.store(sums, of: cell, hidden: hidden, gradients[2], gradients[3])
        let later = blocks + sizes.batch * sizes.stride
        try Self.differentiate(
            matrix(later, sizes.stride), matrix(states, hidden), hidden, into: gradients[1], rows: shared,
            inner: rows - rowsOfStep)
        if cell.sharedGates < cell.gates {
            try Self.differentiate(
                matrix(later + 3 * hidden, sizes.stride), matrix(states, hidden), hidden,
                into: gradients[1] + shared * hidden, rows: hidden, inner: rows - rowsOfStep)
        }
        try Self.differentiate(
            matrix(blocks, sizes.stride), matrix(input, sizes.inputs), sizes.inputs, into: gradients[0],
            rows: cell.gates * hidden, inner: rows)
    }

    /// The gradient of weights: the transposed blocks times what the weights were multiplied with.
    /// - Parameters:
    ///   - columns: columns of the weights.
    ///   - rows: rows of the weights.
    ///   - inner: number of rows of both matrices; 0 for the hidden state of a single step.
    private static func differentiate(
        _ blocks: Matrix, _ values: Matrix, _ columns: Int, into weights: UnsafeMutablePointer<Float>, rows: Int,
        inner: Int
    ) throws(OneDNNError) {
        guard inner > 0 else { return weights.update(repeating: 0, count: rows * columns) }
        try multiply(
            blocks.transposed, values, into: Matrix(weights, stride: columns), rows: rows, columns: columns,
            inner: inner)
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

    /// Adds a row to sums.
    private static func add(_ row: UnsafePointer<Float>, _ count: Int, to sums: UnsafeMutablePointer<Float>) {
        for i in 0..<count { sums[i] += row[i] }
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
