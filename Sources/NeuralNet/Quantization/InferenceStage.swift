import FedCore

/// One operation of a model that does not train: a layer, together with those of its successors that it can do itself.
///
/// Normalisation is part of the convolution or the linear layer before it, or a depthwise convolution of its own; a ReLU is part of the
/// operation before it; dropout and flattening are no operations. Quantised models and their ONNX files are made stage
/// by stage.
public struct InferenceStage: Sendable {
    /// The operation of a stage.
    public enum Operator: Sendable {
        /// A convolution, maybe with normalisation folded in.
        case convolution(Conv2D)
        /// A fully connected layer.
        case linear(Linear)
        /// The maximum of each window.
        case pooling(MaxPool2D)
        /// A ReLU that no operation before it can do.
        case rectifier
    }

    /// The operation; its sizes are those of the layer.
    public let operation: Operator
    /// Indices of the layers of the model that the stage stands for; the first one names its weights.
    public let layers: Range<Int>
    /// Whether a ReLU follows as part of the stage.
    public let appliesReLU: Bool
    /// Output of the operator, not of the layer: a flattened image is still an image here.
    public let output: Shape

    /// Shape of its weights, `[out, in / groups, kernel, kernel]` or `[out, in]`; nil without weights.
    public var weightShape: [Int]? {
        switch operation {
        case .convolution(let layer):
            [layer.outputs, layer.inputs / layer.groups, layer.kernel, layer.kernel]
        case .linear(let layer): [layer.outputs, layer.inputs]
        case .pooling, .rectifier: nil
        }
    }
}

extension Model {
    /// The operations of inference, first to last; nil when the model has a layer for which there is no operation.
    /// O(layers).
    public var inferenceStages: [InferenceStage]? {
        guard isChain else { return nil }
        var stages: [InferenceStage] = []
        var index = 0
        while index < layers.count {
            let start = index
            let shape = shapes[index]
            let layer = layers[index]
            index += 1
            func emit(_ operation: InferenceStage.Operator) {
                let output = shapes[index]
                let appliesReLU = index < layers.count && layers[index] is ReLU
                if appliesReLU { index += 1 }
                stages.append(
                    InferenceStage(
                        operation: operation, layers: start..<index, appliesReLU: appliesReLU, output: output))
            }
            switch layer {
            case is Conv2D, is Linear:
                if index < layers.count, layers[index] is BatchNorm2D { index += 1 }
                if let layer = layer as? Linear { emit(.linear(layer)) }
                if let layer = layer as? Conv2D { emit(.convolution(layer)) }
            case let layer as BatchNorm2D where shape.extents.count == 3:
                emit(.convolution(Conv2D(layer.channels, layer.channels, kernel: 1, groups: layer.channels)))
            case let layer as MaxPool2D:
                stages.append(
                    InferenceStage(
                        operation: .pooling(layer), layers: start..<index, appliesReLU: false, output: shapes[index]))
            case is ReLU:
                stages.append(
                    InferenceStage(operation: .rectifier, layers: start..<index, appliesReLU: false, output: shape))
            case is Flatten, is Dropout: break
            default: return nil
            }
        }
        return stages
    }
}
