public import FedCore

/// A weights file in memory: named tensors, and text about them.
///
/// Python reads what ``encoded()`` gives with `safetensors.torch.load_file`, and the result is a `state_dict`.
/// PyTorch's `num_batches_tracked`, the one tensor of integers in a `state_dict` with batch normalisation, is
/// passed over when a file is read, and not written. Floats of 16 and 64 bits are read as floats of 32.
///
/// The format (<https://github.com/huggingface/safetensors>): eight bytes of the header's length, little-endian; a
/// JSON object of each tensor's type, shape and byte range; the tensors, row-major, without gaps.
public struct Safetensors: Sendable, Equatable {
    /// A named array of numbers.
    public struct Tensor: Sendable, Equatable {
        /// The parameter's name as in a `state_dict`, such as `conv1.weight`.
        public let name: String
        /// The extents, outermost first, such as `[outputs, inputs, height, width]`; empty for a single number.
        public let shape: [Int]
        /// The numbers, row-major; as many as the product of `shape`.
        public let elements: Elements

        /// Makes a tensor.
        ///
        /// - Precondition: there are as many elements as the shape says.
        public init(name: String, shape: [Int], elements: Elements) {
            precondition(elements.count == shape.reduce(1, *), "\(elements.count) elements of the shape \(shape)")
            self.name = name
            self.shape = shape
            self.elements = elements
        }
    }

    /// The elements of a tensor, row-major.
    public enum Elements: Sendable, Equatable {
        /// Weights (`F32`).
        case float32([Float])
        /// Weights of a quantized model (`I8`).
        case int8([Int8])
        /// Bytes that are no weights, such as the masks of packed tensors (`U8`).
        case uint8([UInt8])

        /// The number of elements.
        public var count: Int {
            switch self {
            case .float32(let values): values.count
            case .int8(let values): values.count
            case .uint8(let values): values.count
            }
        }

        /// The format's name for the type of the elements.
        public var type: String {
            switch self {
            case .float32: "F32"
            case .int8: "I8"
            case .uint8: "U8"
            }
        }

        /// The length of the elements in the file, in bytes.
        public var byteCount: Int {
            switch self {
            case .float32(let values): 4 * values.count
            case .int8(let values): values.count
            case .uint8(let values): values.count
            }
        }
    }

    /// The tensors, in the order in which they lie in the file.
    public let tensors: [Tensor]
    /// Text about the file, by key: the header's `__metadata__`.
    public let metadata: [String: String]

    /// Cuts a model's flat weights into tensors; O(parameters).
    ///
    /// - Parameters:
    ///   - layout: the name, shape and place of each parameter.
    ///   - weights: as many as the layout has, in its order.
    ///   - metadata: text about the file, by key.
    public init(_ layout: ParameterLayout, weights: Span<Float>, metadata: [String: String] = [:]) {
        precondition(weights.count == layout.count, "\(weights.count) of \(layout.count) weights")
        tensors = layout.entries.map { entry in
            Tensor(name: entry.name, shape: entry.shape, elements: .float32(entry.range.map { weights[$0] }))
        }
        self.metadata = metadata
    }

    /// Makes a file of any tensors, such as those of a quantized model.
    ///
    /// - Precondition: no two tensors have one name.
    public init(_ tensors: [Tensor], metadata: [String: String] = [:]) {
        precondition(Set(tensors.map(\.name)).count == tensors.count, "two tensors of one name")
        self.tensors = tensors
        self.metadata = metadata
    }

    /// The length of all tensors in the file, in bytes, without the header.
    public var byteCount: Int { tensors.reduce(0) { $0 + $1.elements.byteCount } }

    /// The flat weights of a model whose parameters are exactly these tensors, packed or not.
    ///
    /// - Parameter layout: the model's parameters; the file's order of tensors does not matter.
    /// - Returns: `layout.count` weights in the layout's order.
    /// - Throws: ``SafetensorsError`` that names the first parameter that is missing, misnamed, or of another
    ///   shape or type, or a tensor that the model has not.
    /// - Complexity: O(parameters), and a search of all tensors for each.
    public func weights(for layout: ParameterLayout) throws(SafetensorsError) -> [Float] {
        let shapes = Dictionary(layout.entries.map { ($0.name, $0.shape) }) { first, _ in first }
        let tensors = try unpacked(shapes).tensors
        var weights: [Float] = []
        weights.reserveCapacity(layout.count)
        for entry in layout.entries {
            guard let tensor = tensors.first(where: { $0.name == entry.name }) else {
                let other = Self.namesake(of: entry, among: tensors, of: layout)
                throw other.map { .misnamed(tensor: entry.name, actual: $0) } ?? .missing(tensor: entry.name)
            }
            guard tensor.shape == entry.shape else {
                throw .wrongShape(tensor: entry.name, expected: entry.shape, actual: tensor.shape)
            }
            guard case .float32(let values) = tensor.elements else {
                throw .wrongType(tensor: entry.name, expected: "F32", actual: tensor.elements.type)
            }
            weights += values
        }
        let names = Set(layout.entries.map(\.name))
        if let other = tensors.first(where: { !names.contains($0.name) }) { throw .unexpected(tensor: other.name) }
        return weights
    }

    /// The tensor that is probably meant by a parameter which the file does not have: the one with its name
    /// behind a prefix, or the only one of its shape that no parameter claims. For the error message only.
    private static func namesake(
        of entry: ParameterLayout.Entry, among tensors: [Tensor], of layout: ParameterLayout
    ) -> String? {
        if let prefixed = tensors.first(where: { $0.name.hasSuffix("." + entry.name) }) { return prefixed.name }
        let claimed = Set(layout.entries.map(\.name))
        let alike = tensors.filter { $0.shape == entry.shape && !claimed.contains($0.name) }
        return alike.count == 1 ? alike.first?.name : nil
    }
}
