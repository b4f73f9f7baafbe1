import FedCore

// Weights that a graph makes of others: exporters that leave constants as they are cut, join and turn them.
extension Importer {
    /// The result for constants of floats: matrices transposed, rows cut out, weights joined, and dimensions of 1 put
    /// in or left out.
    /// - Parameter node: a node whose first input is looked at; that it is a weight is not yet known.
    /// - Returns: nil for what is not read.
    /// - Throws: `ConfigurationError` when more would be computed than a network has.
    /// - Complexity: O(elements of the result).
    mutating func foldedWeights(_ node: ONNXNode) throws(ConfigurationError) -> ONNXTensor? {
        guard let tensor = constant(node, 0), let values = tensor.floats else { return nil }
        let rank = tensor.shape.count
        switch node.operation {
        case "Unsqueeze":
            guard let axes = constant(node, 1)?.integers, axes.count <= 4 else { return nil }
            var shape = tensor.shape
            for axis in axes.map({ $0 < 0 ? $0 + rank + axes.count : $0 }).sorted() {
                guard axis >= 0, axis <= shape.count else { throw ConfigurationError("no dimension \(axis)") }
                shape.insert(1, at: axis)
            }
            return ONNXTensor(shape: shape, .floats(values))
        case "Squeeze":
            guard let axes = constant(node, 1)?.integers else { return nil }
            var shape = tensor.shape
            for axis in Set(axes.map { $0 < 0 ? $0 + rank : $0 }).sorted(by: >) {
                guard shape.indices.contains(axis), shape[axis] == 1 else {
                    throw ConfigurationError("dimension \(axis) is not 1")
                }
                shape.remove(at: axis)
            }
            return ONNXTensor(shape: shape, .floats(values))
        case "Transpose":
            guard rank == 2, node.integers("perm") ?? [1, 0] == [1, 0] else { return nil }
            try count(values.count)
            let turned = Self.transposed(values, rows: tensor.shape[0], columns: tensor.shape[1])
            return ONNXTensor(shape: tensor.shape.reversed(), .floats(turned))
        case "Slice": return try rows(node, of: tensor, values)
        case "Concat": return try joined(node, tensor)
        default: return nil
        }
    }

    /// Some rows of a weight, a Slice of its first dimension: as a gate of a recurrent layer is cut out.
    /// - Parameters:
    ///   - node: the Slice.
    ///   - tensor: the weight.
    ///   - values: its elements.
    /// - Returns: nil for other dimensions, steps, and bounds that are not constants.
    /// - Throws: `ConfigurationError` when the end lies before the start, or too much was computed.
    private mutating func rows(
        _ node: ONNXNode, of tensor: ONNXTensor, _ values: [Float]
    ) throws(ConfigurationError) -> ONNXTensor? {
        guard let start = constant(node, 1)?.integers, let end = constant(node, 2)?.integers, start.count == 1,
            end.count == 1, constant(node, 3)?.integers ?? [0] == [0], constant(node, 4)?.integers ?? [1] == [1],
            let count = tensor.shape.first, count > 0
        else { return nil }
        let bounds = try Self.bounds(start[0], end[0], count)
        let row = values.count / count
        try self.count(bounds.count * row)
        let taken = values[bounds.lowerBound * row..<bounds.upperBound * row]
        return ONNXTensor(shape: [bounds.count] + tensor.shape.dropFirst(), .floats(Array(taken)))
    }

    /// Weights one behind the other along their first dimension.
    /// - Returns: nil for another dimension, and when the weights differ in the rest of their shapes.
    /// - Throws: `ConfigurationError` when too much was computed.
    private mutating func joined(_ node: ONNXNode, _ first: ONNXTensor) throws(ConfigurationError) -> ONNXTensor? {
        guard !first.shape.isEmpty, [0, -first.shape.count].contains(node.integer("axis", default: 0)) else {
            return nil
        }
        var shape = first.shape
        shape[0] = 0
        var all: [Float] = []
        for index in node.inputs.indices {
            guard let tensor = constant(node, index), let values = tensor.floats, tensor.shape.count == shape.count,
                tensor.shape.dropFirst() == shape.dropFirst()
            else { return nil }
            try count(values.count)
            shape[0] += tensor.shape[0]
            all += values
        }
        return ONNXTensor(shape: shape, .floats(all))
    }

    /// Counts numbers that are about to be computed against ``numbersLeft``.
    /// - Throws: `ConfigurationError` when there are not so many left.
    private mutating func count(_ numbers: Int) throws(ConfigurationError) {
        numbersLeft -= numbers
        guard numbersLeft >= 0 else { throw ConfigurationError("it computes more weights than are read") }
    }
}
