extension Model {
    /// Bytes that training takes on a device, as 32-bit floats: weights, gradients, what the optimizer remembers, and the
    /// tensors that a backward pass needs.
    ///
    /// A ReLU, a dropout layer and a change of shape work in the place of their input. Of the gradients of activations only
    /// two live at a time, the largest two neighbours. What a library pads or copies besides comes on top, and the program
    /// itself; ``Plan/byteCount`` is what training takes here.
    ///
    /// - Parameters:
    ///   - batch: samples of a step, > 0.
    ///   - moments: vectors that the optimizer remembers: 0 of plain SGD, 1 with momentum, 2 of Adam.
    /// - Complexity: O(layers).
    public func trainingBytes(batch: Int, moments: Int) -> Int {
        let trained = trainedParameterCount
        let activations = input.count + nodes.indices.reduce(0) { $0 + (keepsOutput($1) ? shapes[$1 + 1].count : 0) }
        let gradients = nodes.indices.map { index in
            shapes[index + 1].count + inputShapes(ofLayer: index).reduce(0) { $0 + $1.count }
        }
        let perSample = activations + (gradients.max() ?? 0)
        return 4 * (parameterCount + trained * (1 + moments) + batch * perSample)
    }

    /// Bytes that inference takes on a device, as 32-bit floats: weights, and the tensors that a layer reads and writes, of
    /// which only those of one layer live at a time. What a library pads or copies besides comes on top, and the program.
    /// - Parameters:
    ///   - batch: samples of a pass, ≥ 0.
    ///   - number: bytes of a number: 1 of a model in whole numbers of eight bits, whose few scales and biases are not counted.
    /// - Complexity: O(layers).
    public func inferenceBytes(batch: Int, number: Int = 4) -> Int {
        let widest = nodes.indices.map { index in
            shapes[index + 1].count + inputShapes(ofLayer: index).reduce(0) { $0 + $1.count }
        }
        return number * (parameterCount + batch * (widest.max() ?? input.count))
    }

    /// The largest batch, up to a number, whose training fits into so many bytes; 0 when not even one sample does.
    public func largestBatch(upTo most: Int, within bytes: Int, moments: Int) -> Int {
        let none = trainingBytes(batch: 0, moments: moments)
        let perSample = trainingBytes(batch: 1, moments: moments) - none
        return bytes < none ? 0 : min(most, (bytes - none) / perSample)
    }

    /// Whether a layer's output has memory of its own.
    private func keepsOutput(_ index: Int) -> Bool {
        !(layers[index] is ReLU || layers[index] is Flatten || layers[index] is Dropout)
    }
}
