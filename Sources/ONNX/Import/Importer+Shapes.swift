import FedCore

// Constants, shapes that a graph computes, and nodes that move dimensions.
extension Importer {
    /// Computes a node whose inputs are constants, or which puts out a shape, or its input as it is.
    ///
    /// Exporters write as nodes what PyTorch computes while it runs: `x.view(x.size(0), -1)` is a Shape, a Gather, a
    /// Concat and a Reshape. As the batch has a number, each of these has a value, and only the Reshape is left for the
    /// layers. An Identity, a Cast and a dropout that drops nothing pass their input on. Zeros of a computed shape, as
    /// a first state is, are their shape alone.
    /// - Parameter node: any node, whose inputs are known.
    /// - Returns: whether it did, and ``values`` has the output; otherwise the node depends on the model's input, or is
    ///   of weights in a way that is not computed.
    /// - Throws: `ConfigurationError` when a constant is of another type, an index out of bounds, or a shape overflows.
    mutating func fold(_ node: ONNXNode) throws(ConfigurationError) -> Bool {
        let result: Value
        switch node.operation {
        case "Constant":
            switch node.attributes["value"] ?? node.attributes.values.first {
            case .tensor(let tensor): result = .constant(tensor)
            case .float(let value): result = .constant(ONNXTensor(shape: [], .floats([value])))
            case .integer(let value): result = .constant(ONNXTensor(shape: [], .integers([value])))
            case .floats(let values): result = .constant(ONNXTensor(shape: [values.count], .floats(values)))
            case .integers(let values): result = .constant(ONNXTensor(integers: values))
            default: throw ConfigurationError("a constant of a type that is not read")
            }
        case "Dropout" where try dropoutRate(node) != nil: return false
        case "Identity", "Dropout", "Cast": result = try value(node, 0)
        case "Shape":
            let shape = try shape(of: try value(node, 0))
            let bounds = try Self.bounds(
                node.integer("start", default: 0), node.integer("end", default: shape.count), shape.count)
            result = .constant(ONNXTensor(integers: Array(shape[bounds])))
        case "ConstantOfShape", "Expand":
            let isExpand = node.operation == "Expand"
            guard let shape = constant(node, isExpand ? 1 : 0)?.integers, !isExpand || constant(node, 0)?.scalar == 0
            else { throw ConfigurationError("only zeros of a computed shape are read") }
            if case .tensor(let value)? = node.attributes["value"], !isExpand, value.scalar != 0 {
                throw ConfigurationError("only zeros of a computed shape are read")
            }
            _ = try ONNXTensor.count(shape)
            result = .zeros(shape)
        case "Slice", "Unsqueeze", "Squeeze", "Reshape", "Gather", "Concat", "Mul", "Add", "Sub", "Div", "Transpose":
            if case .zeros(let shape) = try value(node, 0) {
                result = .zeros(shape)
                break
            }
            if let folded = try foldedIntegers(node) {
                result = .constant(folded)
            } else if let folded = try foldedWeights(node) {
                result = .constant(folded)
                origins[node.outputs[0]] = origin(node, 0)
            } else {
                return false
            }
        default: return false
        }
        values[node.outputs[0]] = result
        return true
    }

    /// The bounds of a Slice as ONNX means them: those below zero count from the end, and what lies outside is cut off
    /// (<https://onnx.ai/onnx/operators/onnx__Slice.html>).
    /// - Parameters:
    ///   - start: the first index.
    ///   - end: the index behind the last; exporters write 2⁶³ − 1 for "to the end".
    ///   - count: extent of the dimension.
    /// - Returns: a range within 0..<count.
    /// - Throws: `ConfigurationError` when the end lies before the start.
    static func bounds(_ start: Int, _ end: Int, _ count: Int) throws(ConfigurationError) -> Range<Int> {
        let first = min(max(start < 0 ? start.addingReportingOverflow(count).partialValue : start, 0), count)
        let last = min(max(end < 0 ? end.addingReportingOverflow(count).partialValue : end, 0), count)
        guard first <= last else { throw ConfigurationError("a slice from \(start) to \(end) of \(count)") }
        return first..<last
    }

    /// The shape of what a name stands for, with the importer's number of samples as the batch.
    /// - Throws: `ConfigurationError` for a part of a function and for several states, whose shapes no network asks
    ///   for.
    func shape(of value: Value) throws(ConfigurationError) -> [Int] {
        switch value {
        case .constant(let tensor): return tensor.shape
        case .zeros(let shape): return shape
        case .tensor(let tensor):
            guard tensor.pending == nil || tensor.pending == .sigmoid else {
                throw ConfigurationError("it reads the shape of an intermediate result")
            }
            return tensor.shape(batch: batch)
        case .states: throw ConfigurationError("it reads the shape of states")
        }
    }

    /// The result for constants of whole numbers, of which there are few: parts of shapes.
    ///
    /// A result is a vector, or a scalar where the operator makes one; the dimensions of matrices are not kept. Sums
    /// and the like repeat the only element of a vector of one.
    /// - Parameter node: a node of one of the operators that ``fold(_:)`` names.
    /// - Returns: nil when an input is no constant of whole numbers, has more than 4096, or the numbers of elements do
    ///   not fit.
    /// - Throws: `ConfigurationError` for slices in steps, indices out of bounds, and what overflows or divides by
    ///   zero.
    private func foldedIntegers(_ node: ONNXNode) throws(ConfigurationError) -> ONNXTensor? {
        var inputs: [[Int]] = []
        for index in node.inputs.indices {
            guard let numbers = constant(node, index)?.integers, numbers.count <= 4096 else { return nil }
            inputs.append(numbers)
        }
        guard let first = inputs.first else { return nil }
        guard node.operation != "Transpose", inputs.count > 1 || ["Concat", "Squeeze"].contains(node.operation) else {
            return nil
        }
        switch node.operation {
        case "Concat": return ONNXTensor(integers: Array(inputs.joined()))
        case "Squeeze": return ONNXTensor(shape: first.count == 1 ? [] : [first.count], .integers(first))
        case "Unsqueeze", "Reshape": return ONNXTensor(integers: first)
        case "Slice":
            guard inputs.count >= 3, let start = inputs[1].first, let end = inputs[2].first,
                inputs.count < 5 || inputs[4] == [1]
            else { throw ConfigurationError("a slice of a shape in steps") }
            return ONNXTensor(integers: Array(first[try Self.bounds(start, end, first.count)]))
        case "Gather":
            var taken: [Int] = []
            for index in inputs[1] {
                let place = index < 0 ? index + first.count : index
                guard first.indices.contains(place) else { throw ConfigurationError("index \(index) is out of bounds") }
                taken.append(first[place])
            }
            return ONNXTensor(shape: constant(node, 1)?.shape ?? [], .integers(taken))
        default:
            let other = inputs[1]
            guard other.count == first.count || other.count == 1 || first.count == 1 else { return nil }
            var results: [Int] = []
            for index in 0..<max(first.count, other.count) {
                let pair = (first[first.count == 1 ? 0 : index], other[other.count == 1 ? 0 : index])
                let result =
                    switch node.operation {
                    case "Mul": pair.0.multipliedReportingOverflow(by: pair.1)
                    case "Add": pair.0.addingReportingOverflow(pair.1)
                    case "Sub": pair.0.subtractingReportingOverflow(pair.1)
                    default: pair.0.dividedReportingOverflow(by: pair.1)
                    }
                guard !result.overflow else { throw ConfigurationError("a shape overflows") }
                results.append(result.partialValue)
            }
            return ONNXTensor(shape: results.count == 1 ? [] : [results.count], .integers(results))
        }
    }

    // Nodes that move the dimensions of a layer's output.

    /// A change of shape to a constant one, in which 0 stands for the extent that is there and -1 for what is left
    /// (<https://onnx.ai/onnx/operators/onnx__Reshape.html>). Four kinds are read:
    ///
    /// - to the shape that is there: nothing;
    /// - to `[batch, features]`: a `flatten`;
    /// - an image to `[batch, groups, rest]`, and back behind an InstanceNormalization: a part of a group
    ///   normalisation;
    /// - to one with other dimensions of 1: noted in the tensor's axes.
    /// - Throws: `ConfigurationError` for other shapes, and for those that depend on the input's values.
    mutating func reshape(_ node: ONNXNode) throws(ConfigurationError) {
        var tensor = try unfinished(node, 0)
        guard var target = constant(node, 1)?.integers, target.count <= 8 else {
            throw ConfigurationError("its shape is not a constant, nor computed from the input's shape")
        }
        if case .groupNormalized(let groups, let epsilon) = tensor.pending {
            tensor.pending = nil
            // Zero stands for the extent that is there, which is the same before and behind in the batch alone.
            if target.first == 0 { target[0] = batch }
            guard target == tensor.shape(batch: batch) else {
                throw ConfigurationError("a shape behind normalisation that is not the one before")
            }
            tensor.pending = .normalized(groups, epsilon: epsilon)
            return set(node, tensor)
        }
        tensor = try self.tensor(node, 0)
        let shape = tensor.shape(batch: batch)
        for index in target.indices where target[index] == 0 && index < shape.count { target[index] = shape[index] }
        if let free = target.firstIndex(of: -1) {
            target[free] = 1
            let known = try ONNXTensor.count(target)
            let all = try ONNXTensor.count(shape)
            guard known > 0, all.isMultiple(of: known) else { throw ConfigurationError("\(shape) has not that shape") }
            target[free] = all / known
        }
        if target == shape { return set(node, tensor) }
        if target == [batch, tensor.count] { return try flatten(node) }
        if target.count == 3, tensor.isPlain, tensor.sample.count == 3, target[0] == batch, target[1] > 0,
            tensor.sample[0].isMultiple(of: target[1]), target[2] == tensor.count / target[1]
        {
            tensor.pending = .grouped(target[1])
            return set(node, tensor)
        }
        // Only dimensions of one are added or left out.
        var axes = tensor.axes.filter { $0 == .batch || tensor.extent(of: $0) != 1 }[...]
        var moved: [ImportedTensor.Axis] = []
        for extent in target {
            if let axis = axes.first, extent == (axis == .batch ? batch : tensor.extent(of: axis)) {
                moved.append(axis)
                axes = axes.dropFirst()
            } else if extent == 1 {
                moved.append(.one)
            } else {
                throw ConfigurationError("from \(shape) to \(target): only flattening is read")
            }
        }
        guard axes.isEmpty else { throw ConfigurationError("from \(shape) to \(target): only flattening is read") }
        tensor.axes = moved
        set(node, tensor)
    }

    /// Makes each sample one row of numbers, in the order of the layer's output. What has one dimension already stays.
    /// - Throws: `ConfigurationError` when the file has moved the dimensions.
    mutating func flatten(_ node: ONNXNode) throws(ConfigurationError) {
        var tensor = try tensor(node, 0)
        if !tensor.isPlain { tensor = try flattened(tensor) }
        if tensor.sample.count > 1 { tensor = append("flatten", "flatten", [tensor], [tensor.count]) }
        set(node, tensor)
    }

    /// Another order of the dimensions, noted in the tensor's axes; the reverse order where the node gives none.
    /// - Throws: `ConfigurationError` when the order is none of this tensor's dimensions.
    mutating func transpose(_ node: ONNXNode) throws(ConfigurationError) {
        var tensor = try tensor(node, 0)
        let order = node.integers("perm") ?? tensor.axes.indices.reversed()
        guard order.sorted() == Array(tensor.axes.indices) else {
            throw ConfigurationError("an order of other dimensions")
        }
        tensor.axes = order.map { tensor.axes[$0] }
        set(node, tensor)
    }

    /// Leaves out dimensions of extent 1, which are an input or, in old files, an attribute.
    /// - Throws: `ConfigurationError` when one of them is not 1, is the batch, or the node names none.
    mutating func squeeze(_ node: ONNXNode) throws(ConfigurationError) {
        // A state after the last step becomes a row of its own only with its other dimensions.
        var tensor = try unfinished(node, 0)
        if !tensor.isLastStep { tensor = try self.tensor(node, 0) }
        guard let axes = constant(node, 1)?.integers ?? node.integers("axes") else {
            throw ConfigurationError("its dimensions are not given")
        }
        for axis in Set(axes.map { $0 < 0 ? $0 + tensor.axes.count : $0 }).sorted(by: >) {
            guard tensor.axes.indices.contains(axis), tensor.axes[axis] != .batch,
                tensor.extent(of: tensor.axes[axis]) == 1
            else { throw ConfigurationError("dimension \(axis) is not 1") }
            tensor.axes.remove(at: axis)
        }
        set(node, tensor)
    }

    /// Puts in dimensions of extent 1; their places are those in the output.
    /// - Throws: `ConfigurationError` when there is no such place, or more than four are put in.
    mutating func unsqueeze(_ node: ONNXNode) throws(ConfigurationError) {
        var tensor = try tensor(node, 0)
        guard let axes = constant(node, 1)?.integers, axes.count <= 4 else { throw ConfigurationError("no dimensions") }
        for axis in axes.map({ $0 < 0 ? $0 + tensor.axes.count + axes.count : $0 }).sorted() {
            guard axis >= 0, axis <= tensor.axes.count else { throw ConfigurationError("no dimension \(axis)") }
            tensor.axes.insert(.one, at: axis)
        }
        set(node, tensor)
    }
}

extension ImportedTensor {
    /// The extent of a dimension that is not the batch; the batch counts as 1, too.
    func extent(of axis: Axis) -> Int { if case .sample(let index) = axis { sample[index] } else { 1 } }
}
