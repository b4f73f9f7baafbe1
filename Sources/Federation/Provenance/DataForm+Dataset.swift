public import Datasets
import FedCore
public import NeuralNet

extension DataForm {
    /// What a split asks of a model.
    public init(_ data: any Dataset) {
        self.init([data.shape.channels, data.shape.height, data.shape.width], outputs: data.task.outputs)
    }
}
