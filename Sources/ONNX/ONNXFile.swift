public import FedCore
public import NeuralNet

/// Writes models in the Open Neural Network Exchange format: input `image`, a batch of any size in the layout
/// `[batch, channels, height, width]`; output `scores`, `[batch, classes]`, before softmax.
public enum ONNXFile {
    /// The operators' version.
    public static let operatorSet: UInt64 = 17
    /// The intermediate representation's, of the same release of ONNX.
    static let formatVersion: UInt64 = 8

    static let input = "image"
    static let output = "scores"

    /// A variant as an ONNX file. Of 32 bits, every layer but dropout is a node, normalisation too; of 8 bits, the
    /// quantised tensors stand between `QuantizeLinear` and `DequantizeLinear`, which a runtime may fuse into integer
    /// operators. `metadata_props` are the metadata of the variant's own file: among them `input_scale`, what the numbers of
    /// images are divided by, `class_names` and `dataset`.
    ///
    /// - Throws: `ConfigurationError` that names a layer which ONNX has no operator for here.
    public static func encoded(_ variant: Variant) throws(ConfigurationError) -> [UInt8] {
        let model = variant.model
        var graph = Graph(name: model.name, input: input)
        switch variant.weights {
        case .float32(let trained): try graph.add(trained)
        case .int8(let quantized): try graph.add(quantized)
        }
        graph.add("Identity", [graph.current], to: output)
        return graph.encoded(
            input: (input, model.input.extents, meaning(ofInput: variant.metadata)),
            output: (
                output, model.output.extents, "a score for each class, before softmax; the largest is the prediction"
            ),
            metadata: variant.metadata)
    }

    private static func meaning(ofInput metadata: [String: String]) -> String {
        var words = ["images, channel by channel, row by row"]
        if let scale = metadata["input_scale"] { words.append("the numbers of their files divided by \(scale)") }
        if let range = metadata["input_range"]?.split(separator: " "), range.count == 2 {
            words.append("so that those of the training images went from \(range[0]) to \(range[1])")
        }
        return words.joined(separator: "; ")
    }
}
