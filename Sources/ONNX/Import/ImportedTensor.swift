import FedCore

/// A tensor of a graph that depends on the input: a layer's output, and how the file has turned it.
struct ImportedTensor {
    /// What one dimension of it is.
    enum Axis: Equatable {
        case batch
        /// A dimension of the layer's output for one sample.
        case sample(Int)
        case one
    }

    /// A part of a layer that exporters write as several nodes.
    enum Pending: Equatable {
        case scaled(Float)
        case erf, erfPlusOne, halfErfPlusOne, half, timesErfPlusOne
        case sigmoid
        case grouped(Int)
        case groupNormalized(Int, epsilon: Float)
        case normalized(Int, epsilon: Float)
    }

    /// Index of the line that puts it out; -1 for the model's input.
    var line: Int
    /// How often the line had been completed: an earlier output is not there any more.
    var version = 0
    /// Shape of the line's output for one sample.
    var sample: [Int]
    var axes: [Axis]
    var pending: Pending?
    /// Whether it is the state after the last step of a recurrent layer, whose line does not say so yet.
    var isLastStep = false

    init(line: Int, sample: [Int]) {
        self.line = line
        self.sample = sample
        axes = [.batch] + sample.indices.map { .sample($0) }
    }

    func shape(batch: Int) -> [Int] {
        axes.map { axis in
            switch axis {
            case .batch: batch
            case .sample(let index): sample[index]
            case .one: 1
            }
        }
    }

    /// Whether the dimensions are those of the layer's output, behind that of the batch.
    var isPlain: Bool { axes == [.batch] + sample.indices.map { .sample($0) } }
    var count: Int { sample.reduce(1, *) }

    func isSame(as other: ImportedTensor) -> Bool {
        line == other.line && version == other.version && axes == other.axes && isLastStep == other.isLastStep
    }
}
