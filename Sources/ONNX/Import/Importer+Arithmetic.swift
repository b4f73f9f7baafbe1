import FedCore

// Products and sums: of tensors, and the parts of GELU, SiLU, biases and normalisation.
extension Importer {
    /// Notes a function that is complete only with what follows: x · σ(x), or 1 + erf(x / √2).
    /// - Parameter node: a Sigmoid, or an Erf of x / √2, whose factor may be off by 10⁻⁴.
    /// - Throws: `ConfigurationError` for the error function of anything else.
    mutating func pend(_ node: ONNXNode) throws(ConfigurationError) {
        var input = try unfinished(node, 0)
        switch (node.operation, input.pending) {
        case ("Erf", .scaled(let factor)) where abs(factor - 0.70710678) < 1e-4: input.pending = .erf
        case ("Sigmoid", _):
            input = try tensor(node, 0)
            input.pending = .sigmoid
        default: throw ConfigurationError("it is read as a part of GELU alone")
        }
        set(node, input)
    }

    /// A product or a quotient: of a tensor and a number, of a tensor and the scale of a normalisation, or of two
    /// tensors that together are GELU or SiLU.
    ///
    /// A number is a factor of GELU's, 1/√2 or 1/2, and nothing is written for it until the last node of the function.
    /// - Parameter node: a Mul, with the constant on either side, or a Div by a constant.
    /// - Throws: `ConfigurationError` when it is none of these: no layer multiplies tensors or scales them.
    mutating func product(_ node: ONNXNode) throws(ConfigurationError) {
        // A constant may stand on either side of a product.
        let isSwapped = node.operation == "Mul" && constant(node, 0) != nil
        let (first, second) = isSwapped ? (1, 0) : (0, 1)
        let input = try unfinished(node, first)
        guard let factor = constant(node, second) else {
            guard node.operation == "Mul" else { throw ConfigurationError("no layer here divides tensors") }
            return try productOfTensors(node)
        }
        if case .normalized(let groups, let epsilon) = input.pending {
            return try scaleNormalized(node, input, factor, groups: groups, epsilon: epsilon)
        }
        guard let number = factor.scalar, number != 0 else {
            throw ConfigurationError("no layer here multiplies by constants")
        }
        let scale = node.operation == "Mul" ? number : 1 / number
        var result = input
        switch input.pending {
        case .timesErfPlusOne where scale == 0.5:
            result.pending = nil
            return set(node, append("gelu", "gelu", [result], input.sample))
        case .erfPlusOne where scale == 0.5: result.pending = .halfErfPlusOne
        case nil: result.pending = scale == 0.5 ? .half : .scaled(scale)
        default: throw ConfigurationError("no layer here multiplies by constants")
        }
        set(node, result)
    }

    /// Two parts of one function, in either order.
    ///
    /// | factors | become |
    /// |---|---|
    /// | x, σ(x) | SiLU |
    /// | x, 1 + erf(x / √2) | a part of GELU, to be halved |
    /// | x, (1 + erf(x / √2)) / 2 | GELU |
    /// | x / 2, 1 + erf(x / √2) | GELU |
    /// - Throws: `ConfigurationError` for other factors, and for parts of two different tensors.
    private mutating func productOfTensors(_ node: ONNXNode) throws(ConfigurationError) {
        let pair = [try unfinished(node, 0), try unfinished(node, 1)]
        guard pair[0].isSame(as: pair[1]) else { throw ConfigurationError("no layer here multiplies tensors") }
        func has(_ first: ImportedTensor.Pending?, _ second: ImportedTensor.Pending?) -> Bool {
            pair[0].pending == first && pair[1].pending == second
                || pair[0].pending == second && pair[1].pending == first
        }
        var result = pair[0]
        result.pending = nil
        if has(nil, .sigmoid) {
            let axes = result.axes
            result = append("silu", "silu", [result], result.sample)
            result.axes = axes
        } else if has(nil, .erfPlusOne) {
            result.pending = .timesErfPlusOne
        } else if has(nil, .halfErfPlusOne) || has(.half, .erfPlusOne) {
            result = append("gelu", "gelu", [result], result.sample)
        } else {
            throw ConfigurationError("no layer here multiplies tensors")
        }
        set(node, result)
    }

    /// A sum: of two branches, of a linear layer and its bias, of a normalisation and its shift, or of erf and 1.
    ///
    /// Branches must have one shape, as a layer `add` does not repeat a smaller one. A bias, or a shift, is a number
    /// for each output feature or channel, and completes the line that lacks it.
    /// - Parameter node: an Add, with the constant on either side.
    /// - Throws: `ConfigurationError` for other shapes and constants.
    mutating func sum(_ node: ONNXNode) throws(ConfigurationError) {
        let isSwapped = constant(node, 0) != nil
        let (first, second) = isSwapped ? (1, 0) : (0, 1)
        guard let bias = constant(node, second) else {
            let inputs = [try plain(node, 0), try plain(node, 1)]
            guard inputs[0].sample == inputs[1].sample else {
                throw ConfigurationError("it adds \(inputs[1].sample) to \(inputs[0].sample)")
            }
            return set(node, join("add", inputs, inputs[0].sample))
        }
        var input = try unfinished(node, first)
        if input.pending == .erf, bias.scalar == 1 {
            input.pending = .erfPlusOne
            return set(node, input)
        }
        guard input.line >= 0, input.pending == nil, input.isPlain, lines[input.line].lacksBias,
            let values = bias.floats, values.count == input.sample[0]
        else { throw ConfigurationError("no layer here adds constants") }
        lines[input.line].lacksBias = false
        lines[input.line].version += 1
        if lines[input.line].words.hasSuffix(" no-bias") { lines[input.line].words.removeLast(8) }
        weights["\(lines[input.line].name).bias"] = values
        input.version = lines[input.line].version
        set(node, input)
    }

    /// The mean of several branches, as the exits of a model end.
    /// - Parameter node: a Mean of tensors of one shape.
    /// - Throws: `ConfigurationError` when their shapes differ, or the file has moved their dimensions.
    mutating func mean(_ node: ONNXNode) throws(ConfigurationError) {
        var inputs: [ImportedTensor] = []
        for index in node.inputs.indices { inputs.append(try plain(node, index)) }
        guard let first = inputs.first, inputs.allSatisfy({ $0.sample == first.sample }) else {
            throw ConfigurationError("it is of tensors of several shapes")
        }
        set(node, join("mean", inputs, first.sample))
    }
}
