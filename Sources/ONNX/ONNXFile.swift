import FedCore
import NeuralNet

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
    /// operators.
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
            input: (input, model.input.extents), output: (output, model.output.extents),
            metadata: variant.metadata)
    }
}
