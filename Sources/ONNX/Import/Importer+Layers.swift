import FedCore

// Nodes that are layers.
extension Importer {
    /// Reads one operator of the network, in the file's order, which is topological.
    ///
    /// | operators | become |
    /// |---|---|
    /// | Conv, Gemm, MatMul | convolutions and linear layers, with the bias that an Add behind them brings |
    /// | …Normalization | the normalisation of the same name; its scale and shift are weights |
    /// | Relu, Tanh, Gelu, LeakyRelu, Clip, Sigmoid, Erf | functions; GELU and SiLU come in parts |
    /// | Dropout | a dropout where the file says that it trains |
    /// | MaxPool, AveragePool, GlobalAveragePool, ReduceMean | pooling |
    /// | Add, Concat, Mean, Mul, Div | sums, concatenations and means of branches; factors that belong to a function |
    /// | Flatten, Reshape, Transpose, Squeeze, Unsqueeze | flattening; other changes of shape leave no layer |
    /// | Gather, Slice | embeddings, and the choice of the last step |
    /// | LSTM, GRU | recurrent layers |
    /// | Softmax, LogSoftmax | nothing, at the end: the loss does it |
    ///
    /// What each operator means, by version: <https://onnx.ai/onnx/operators/>.
    /// - Parameter node: a node that is not of constants alone.
    /// - Throws: `ConfigurationError` when no layer does what it does, or its output has 2³² numbers or more for a
    ///   sample.
    mutating func addLayer(_ node: ONNXNode) throws(ConfigurationError) {
        switch node.operation {
        case "Conv": try convolution(node)
        case "Gemm": try gemm(node)
        case "MatMul": try matMul(node)
        case "BatchNormalization": try batchNormalization(node)
        case "InstanceNormalization": try instanceNormalization(node)
        case "GroupNormalization": try groupNormalization(node)
        case "LayerNormalization": try layerNormalization(node)
        case "Relu": try function(node, "relu")
        case "Tanh": try function(node, "tanh")
        case "Gelu":
            guard node.text("approximate") ?? "none" == "none" else {
                throw ConfigurationError("only the exact form is read, not that by tanh")
            }
            try function(node, "gelu")
        case "Dropout":
            guard let rate = try dropoutRate(node), rate < 0.999 else {
                throw ConfigurationError("it drops everything")
            }
            try function(node, "dropout \(rate)")
        case "LeakyRelu": try function(node, "leaky-relu \(node.float("alpha", default: 0.01))")
        case "Clip":
            guard constant(node, 1)?.scalar == 0, constant(node, 2)?.scalar == 6 else {
                throw ConfigurationError("only bounds of 0 and 6 are read, relu6")
            }
            try function(node, "relu6")
        case "Sigmoid", "Erf": try pend(node)
        // What an exported file does first: data are normalised where they are opened.
        case "Sub" where node.inputs.last == ONNXFile.mean, "Div" where node.inputs.last == ONNXFile.deviation:
            set(node, try tensor(node, 0))
        case "Mul", "Div": try product(node)
        case "Add": try sum(node)
        case "MaxPool", "AveragePool": try pooling(node)
        case "GlobalAveragePool", "ReduceMean": try globalAverage(node)
        case "Mean": try mean(node)
        case "Concat": try concatenation(node)
        case "Flatten":
            guard node.integer("axis", default: 1) == 1 else { throw ConfigurationError("only axis 1 is read") }
            try flatten(node)
        case "Reshape": try reshape(node)
        case "Transpose": try transpose(node)
        case "Squeeze": try squeeze(node)
        case "Unsqueeze": try unsqueeze(node)
        case "Gather": try gather(node)
        case "Slice": try slice(node)
        case "LSTM", "GRU": try recurrence(node)
        case "Softmax", "LogSoftmax":
            guard outputs.contains(node.outputs[0]) else { throw ConfigurationError("it is read at the end alone") }
            notes.append("\(node.operation) at the end is left out: the loss has it")
            set(node, try tensor(node, 0))
        default: throw ConfigurationError("no layer here is known for this operator")
        }
        if case .tensor(let result)? = values[node.outputs[0]], try ONNXTensor.count(result.sample) >= 1 << 32 {
            throw ConfigurationError("it puts out \(result.sample) for a sample, more than is accepted")
        }
    }

    /// The rate of a dropout of layers' outputs in a graph that was exported for training, 0.5 where the node does not
    /// say; nil elsewhere, also where it drops nothing.
    /// - Throws: `ConfigurationError` when nothing puts out its input.
    func dropoutRate(_ node: ONNXNode) throws(ConfigurationError) -> Float? {
        guard case .tensor = try value(node, 0), let trains = constant(node, 2)?.scalar, trains != 0 else { return nil }
        let rate = constant(node, 1)?.scalar ?? 0.5
        return rate > 0 ? rate : nil
    }

    /// Adds a function of each element; the dimensions may be in any order, and stay in it.
    /// - Parameters:
    ///   - node: its node, of one input.
    ///   - words: the layer in a model's text, e.g. `leaky-relu 0.01`; the first word is also its name.
    /// - Throws: `ConfigurationError` when the input is an intermediate result.
    private mutating func function(_ node: ONNXNode, _ words: String) throws(ConfigurationError) {
        let input = try tensor(node, 0)
        var result = append(words, String(words.prefix { $0 != " " }), [input], input.sample)
        result.axes = input.axes
        set(node, result)
    }

    // Convolutions and products of matrices.

    /// A convolution: weights `[out, in / groups, kernel, kernel]`, with square windows, which is all that a model has
    /// (<https://onnx.ai/onnx/operators/onnx__Conv.html>).
    /// - Throws: `ConfigurationError` when the weights are computed from the input, or the shapes do not fit.
    private mutating func convolution(_ node: ONNXNode) throws(ConfigurationError) {
        let input = try image(node)
        guard let weight = constant(node, 1), let values = weight.floats, weight.shape.count == 4 else {
            throw ConfigurationError("only 2-D convolutions with constant weights are read")
        }
        let groups = node.integer("group", default: 1)
        let outputs = weight.shape[0]
        guard groups > 0, weight.shape[1] <= 1 << 24, groups <= 1 << 24, weight.shape[1] * groups == input.sample[0]
        else {
            throw ConfigurationError("weights \(weight.shape) in \(groups) groups for \(input.sample[0]) channels")
        }
        let window = try Window(node, kernel: Array(weight.shape[2...]))
        var words = "conv \(outputs) \(window.kernel)x\(window.kernel)\(window.words)"
        if window.dilation != 1 { words += " dilation \(window.dilation)" }
        if groups != 1 { words += " groups \(groups)" }
        let hasBias = node.inputs.count > 2 && !node.inputs[2].isEmpty
        if !hasBias { words += " no-bias" }
        let name = try layerName(node, weight: 1)
        weights["\(name).weight"] = values
        if hasBias { weights["\(name).bias"] = try floats(node, 2, count: outputs) }
        let sides = try input.sample[1...].map { (side) throws(ConfigurationError) in try window.output(side) }
        set(node, append(words, named: name, [input], [outputs] + sides))
    }

    /// A product of matrices and a sum, y = α·A·B + β·C (<https://onnx.ai/onnx/operators/onnx__Gemm.html>): a linear
    /// layer where A is the tensor, B the weights, as they are or transposed, C the biases, and α = β = 1.
    /// - Throws: `ConfigurationError` for other factors, and for a transposed A.
    private mutating func gemm(_ node: ONNXNode) throws(ConfigurationError) {
        guard node.float("alpha", default: 1) == 1, node.float("beta", default: 1) == 1,
            node.integer("transA", default: 0) == 0
        else { throw ConfigurationError("only alpha = beta = 1 and transA = 0 are read") }
        try linear(node, isTransposed: node.integer("transB", default: 0) == 1, hasBias: node.inputs.count > 2)
    }

    /// A product of the tensor and a matrix of weights: a linear layer whose bias, if any, an Add behind it brings.
    /// - Throws: `ConfigurationError` when the second factor is no constant matrix.
    private mutating func matMul(_ node: ONNXNode) throws(ConfigurationError) {
        try linear(node, isTransposed: false, hasBias: false)
    }

    /// Adds a linear layer; its weights become `[out, in]`, as PyTorch has them.
    /// - Parameters:
    ///   - node: its node; the second input is the weights, the third the biases.
    ///   - isTransposed: whether the file has the weights as `[out, in]`; otherwise as `[in, out]`.
    ///   - hasBias: whether the node has biases, one for each output.
    /// - Throws: `ConfigurationError` when the input has not so many features, or more dimensions than `[batch, in]`.
    private mutating func linear(_ node: ONNXNode, isTransposed: Bool, hasBias: Bool) throws(ConfigurationError) {
        let input = try plain(node)
        guard let weight = constant(node, 1), let values = weight.floats, weight.shape.count == 2, weight.count > 0
        else {
            throw ConfigurationError("its weights are no constant matrix")
        }
        let (outputs, inputs) = isTransposed ? (weight.shape[0], weight.shape[1]) : (weight.shape[1], weight.shape[0])
        guard input.sample == [inputs] else {
            throw ConfigurationError("it takes \(inputs) features, and gets \(input.sample) for a sample")
        }
        let name = try layerName(node, weight: 1)
        weights["\(name).weight"] = isTransposed ? values : Self.transposed(values, rows: inputs, columns: outputs)
        if hasBias { weights["\(name).bias"] = try floats(node, 2, count: outputs) }
        let result = append("linear \(outputs)\(hasBias ? "" : " no-bias")", named: name, [input], [outputs])
        lines[result.line].lacksBias = !hasBias
        set(node, result)
    }

    /// The columns of a matrix as rows.
    /// - Parameters:
    ///   - values: the matrix, row-major.
    ///   - rows: its number of rows.
    ///   - columns: its number of columns.
    /// - Returns: the matrix `[columns, rows]`, row-major.
    /// - Complexity: O(rows · columns).
    static func transposed(_ values: [Float], rows: Int, columns: Int) -> [Float] {
        var result: [Float] = []
        result.reserveCapacity(values.count)
        for column in 0..<columns { for row in 0..<rows { result.append(values[row * columns + column]) } }
        return result
    }
}
