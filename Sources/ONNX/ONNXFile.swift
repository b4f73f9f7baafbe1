public import FedCore
public import NeuralNet

/// Models in the Open Neural Network Exchange format, for runtimes other than this one (`fedmpi export`).
///
/// The graph has one input, `image`, a batch of any size in the layout `[batch, channels, height, width]`, or of whatever
/// shape a sample has, and one output, `scores`, `[batch, classes]`, before softmax, or a number for each target. Both
/// are 32-bit floats, whatever the precision of the weights; so are the indices that an embedding takes.
///
/// ```swift
/// let bytes = try ONNXFile.encoded(try Variant(reading: "results/my-run"))
/// ```
///
/// Format and operators: <https://github.com/onnx/onnx/blob/main/docs/IR.md> and `Operators.md` beside it.
public enum ONNXFile {
    /// Version of the operators, which a runtime must know.
    public static let operatorSet: UInt64 = 17
    /// Version of the intermediate representation, of the same release of ONNX.
    static let formatVersion: UInt64 = 8

    /// Name of the graph's input.
    static let input = "image"
    /// Name of the graph's output.
    static let output = "scores"
    /// Names of what the graph normalises its input by.
    static let mean = "/input/mean", deviation = "/input/deviation"

    /// What a model's inputs were normalised by: x becomes (x − mean) / deviation, by channel, or by column of a row.
    public typealias Normalization = (means: [Float], deviations: [Float])

    /// The bytes of a variant's ONNX file.
    ///
    /// With 32-bit weights, every layer but dropout is one node or a few, normalisation too, and the weights are as a
    /// `state_dict` has them. With 8-bit weights, normalisation is folded into the layers before it, and quantised
    /// tensors stand between `QuantizeLinear` and `DequantizeLinear`, which a runtime may fuse into integer operators.
    /// `metadata_props` are the metadata of the variant's own file: among them `input_scale`, by which the numbers of
    /// images are divided, `class_names` and `dataset`.
    ///
    /// - Parameters:
    ///   - variant: the model and its weights.
    ///   - normalization: what the graph does first, so that who runs it need not; nil where the model takes inputs as they
    ///     are. As many numbers as the input has channels, or columns if it is a row.
    /// - Returns: the file, weights included: four bytes for each of 32 bits, one for each of 8.
    /// - Throws: `ConfigurationError` that names the model, and the layer for which no operator is known here.
    /// - Complexity: O(parameters); the encoded weights are copied from message to message, a few times in all.
    public static func encoded(
        _ variant: Variant, normalizedBy normalization: Normalization? = nil
    ) throws(ConfigurationError) -> [UInt8] {
        let model = variant.model
        var graph = Graph(name: model.name, input: input)
        if let normalization {
            // A vector is of columns, the last axis; channels are the first of three.
            let count = normalization.means.count
            let shape = model.input.extents.last == model.input.count ? [count] : [count, 1, 1]
            graph.add("Sub", [graph.current, graph.constant(mean, shape, normalization.means)], to: "/input/centred")
            graph.add(
                "Div", [graph.current, graph.constant(deviation, shape, normalization.deviations)],
                to: "/input/normalized")
        }
        switch variant.weights {
        case .float32(let trained): try graph.add(trained)
        case .int8(let quantized): try graph.add(quantized)
        }
        graph.add("Identity", [graph.current], to: output)
        return graph.encoded(
            input: (
                input, model.input.extents,
                meaning(ofInputOf: model, variant.metadata, isNormalized: normalization != nil)
            ),
            output: (output, model.output.extents, meaning(ofOutput: variant.metadata)),
            metadata: variant.metadata)
    }

    /// The output in words, for the graph's documentation: what the model has learnt, as the metadata tell it.
    private static func meaning(ofOutput metadata: [String: String]) -> String {
        switch metadata["task"]?.prefix(while: { $0 != " " }) {
        case "labels": "a score for each label, before the sigmoid; above 0 the label is more likely than not"
        case "values": "the predicted numbers"
        default: "a score for each class, before softmax; the largest is the prediction"
        }
    }

    /// The input in words, for the graph's documentation: order of the numbers, scale and range of their values, as far
    /// as the metadata tell them.
    private static func meaning(
        ofInputOf model: Model, _ metadata: [String: String], isNormalized: Bool
    ) -> String {
        let takesIndices = model.nodes.contains { $0.layer is Embedding && $0.inputs == [.input] }
        var words =
            switch model.input.extents.count {
            case _ where takesIndices: ["an index for each step, whole numbers from 0"]
            case 3 where model.input.extents.last != model.input.count: ["images, channel by channel, row by row"]
            case 2: ["sequences, step by step"]
            default: ["features, in the order of their columns"]
            }
        if let scale = metadata["input_scale"] {
            words.append(
                "the numbers of their files" + (Float(scale) == 1 ? ", as they are" : " divided by \(scale)"))
        }
        if isNormalized { words.append("the graph normalises them by mean and deviation") }
        if let range = metadata["input_range"]?.split(separator: " "), range.count == 2 {
            words.append("so that those of the training samples went from \(range[0]) to \(range[1])")
        }
        return words.joined(separator: "; ")
    }
}
