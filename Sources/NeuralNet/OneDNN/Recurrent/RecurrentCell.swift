/// The equations of a recurrent cell for one time step of a batch, and their derivatives.
///
/// A step has a row of four blocks of `hidden` numbers for each sample, in which it finds the products of weights with
/// its input and the hidden state; it leaves there what its derivative needs, and that leaves the gradients of the
/// products. Blocks begin at multiples of `hidden`; the rows are a little farther apart than four blocks.
protocol RecurrentCell: Sendable {
    /// Number of blocks of the weights: four or three.
    var gates: Int { get }
    /// The rows of a weight matrix whose product with the hidden state is added to the blocks from the first on; those
    /// behind go to the last block alone.
    var sharedGates: Int { get }

    /// Computes a step.
    func activate(_ step: RecurrentStep)

    /// Computes the gradients of a step's products.
    func differentiate(_ step: RecurrentStep)
}

/// The numbers of one time step of a batch.
struct RecurrentStep {
    let batch: Int
    let hidden: Int
    /// Distance of the rows of blocks.
    let stride: Int
    /// Rows of blocks, `[batch, stride]`.
    let blocks: UnsafeMutablePointer<Float>
    /// What is added to each block's product, `[4 · hidden]`; not read by a derivative.
    let biases: UnsafePointer<Float>
    /// The hidden state before the step, `[batch, hidden]`.
    let previous: UnsafePointer<Float>
    /// The hidden state after it; a derivative gets its gradient here, `[batch, hidden]`.
    let state: UnsafeMutablePointer<Float>
    /// A gradient of the hidden state before the step, to which a cell adds what does not pass a product.
    let previousGradient: UnsafeMutablePointer<Float>
    /// The cell state before the step, `[batch, hidden]`; of LSTM alone, as all that follows.
    let previousCell: UnsafePointer<Float>
    /// The cell state after it.
    let cell: UnsafeMutablePointer<Float>
    /// tanh of the cell state after it.
    let squashedCell: UnsafeMutablePointer<Float>
    /// In: the gradient of the cell state after the step; out: of that before it.
    let cellGradient: UnsafeMutablePointer<Float>
}

/// The long short-term memory: blocks i, f, g, o.
///
/// c ← σ(f)·c + σ(i)·tanh(g), h ← σ(o)·tanh(c).
struct LongShortTermMemory: RecurrentCell {
    let gates = 4
    let sharedGates = 4

    func activate(_ step: RecurrentStep) {
        let (hidden, biases) = (step.hidden, step.biases)
        for sample in 0..<step.batch {
            let row = step.blocks + sample * step.stride
            let start = sample * hidden
            Floats.forEach(hidden) { j, n in
                let (i, f, g, o) = (row + j, row + hidden + j, row + 2 * hidden + j, row + 3 * hidden + j)
                let input = (Floats(i, n) + Floats(biases + j, n)).sigmoid
                let forget = (Floats(f, n) + Floats(biases + hidden + j, n)).sigmoid
                let candidate = (Floats(g, n) + Floats(biases + 2 * hidden + j, n)).tanh
                let output = (Floats(o, n) + Floats(biases + 3 * hidden + j, n)).sigmoid
                let cell = forget * Floats(step.previousCell + start + j, n) + input * candidate
                let squashed = cell.tanh
                input.store(i, n)
                forget.store(f, n)
                candidate.store(g, n)
                output.store(o, n)
                cell.store(step.cell + start + j, n)
                squashed.store(step.squashedCell + start + j, n)
                (output * squashed).store(step.state + start + j, n)
            }
        }
    }

    func differentiate(_ step: RecurrentStep) {
        let hidden = step.hidden
        for sample in 0..<step.batch {
            let row = step.blocks + sample * step.stride
            let start = sample * hidden
            Floats.forEach(hidden) { j, n in
                let (i, f, g, o) = (row + j, row + hidden + j, row + 2 * hidden + j, row + 3 * hidden + j)
                let (input, forget) = (Floats(i, n), Floats(f, n))
                let (candidate, output) = (Floats(g, n), Floats(o, n))
                let squashed = Floats(step.squashedCell + start + j, n)
                let dh = Floats(step.state + start + j, n)
                let dc = Floats(step.cellGradient + start + j, n) + dh * output * (1 - squashed * squashed)
                (dc * candidate * input * (1 - input)).store(i, n)
                (dc * Floats(step.previousCell + start + j, n) * forget * (1 - forget)).store(f, n)
                (dc * input * (1 - candidate * candidate)).store(g, n)
                (dh * squashed * output * (1 - output)).store(o, n)
                (dc * forget).store(step.cellGradient + start + j, n)
            }
        }
    }
}

/// The gated recurrent unit: blocks r, z, n of the input, and a fourth, q, for the hidden state's part of n.
///
/// n ← tanh(n + σ(r)·q), h ← (1 − σ(z))·n + σ(z)·h.
struct GatedRecurrentUnit: RecurrentCell {
    let gates = 3
    let sharedGates = 2

    func activate(_ step: RecurrentStep) {
        let (hidden, biases) = (step.hidden, step.biases)
        for sample in 0..<step.batch {
            let row = step.blocks + sample * step.stride
            let start = sample * hidden
            Floats.forEach(hidden) { j, n in
                let (r, z, c, q) = (row + j, row + hidden + j, row + 2 * hidden + j, row + 3 * hidden + j)
                let reset = (Floats(r, n) + Floats(biases + j, n)).sigmoid
                let update = (Floats(z, n) + Floats(biases + hidden + j, n)).sigmoid
                let memory = Floats(q, n) + Floats(biases + 3 * hidden + j, n)
                let candidate = (Floats(c, n) + Floats(biases + 2 * hidden + j, n) + reset * memory).tanh
                let state = candidate + update * (Floats(step.previous + start + j, n) - candidate)
                reset.store(r, n)
                update.store(z, n)
                candidate.store(c, n)
                memory.store(q, n)
                state.store(step.state + start + j, n)
            }
        }
    }

    func differentiate(_ step: RecurrentStep) {
        let hidden = step.hidden
        for sample in 0..<step.batch {
            let row = step.blocks + sample * step.stride
            let start = sample * hidden
            Floats.forEach(hidden) { j, n in
                let (r, z, c, q) = (row + j, row + hidden + j, row + 2 * hidden + j, row + 3 * hidden + j)
                let (reset, update) = (Floats(r, n), Floats(z, n))
                let (candidate, memory) = (Floats(c, n), Floats(q, n))
                let dh = Floats(step.state + start + j, n)
                let previous = Floats(step.previous + start + j, n)
                let dn = dh * (1 - update) * (1 - candidate * candidate)
                (dn * memory * reset * (1 - reset)).store(r, n)
                (dh * (previous - candidate) * update * (1 - update)).store(z, n)
                dn.store(c, n)
                (dn * reset).store(q, n)
                (Floats(step.previousGradient + start + j, n) + dh * update)
                    .store(step.previousGradient + start + j, n)
            }
        }
    }
}
