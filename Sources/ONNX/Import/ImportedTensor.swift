import FedCore

/// A tensor of a graph that depends on the input: a layer's output, and how the file has turned it since.
///
/// Exporters move dimensions with nodes of their own, such as Transpose and Squeeze. No layer is written for them: what
/// they do is noted in ``axes``, and the next layer that takes the tensor checks that it gets the dimensions in the
/// order that it needs. So is a function noted that a file writes as several nodes, in ``pending``, until its last node
/// makes it a layer.
struct ImportedTensor {
    /// What one dimension of the tensor in the file is.
    enum Axis: Equatable {
        /// The samples, always all of them.
        case batch
        /// A dimension of the layer's output for one sample, by its place in ``sample``.
        case sample(Int)
        /// A dimension of extent 1 that the file has put in.
        case one
    }

    /// A part of a layer that exporters write as several nodes, with x the output of the line.
    ///
    /// GELU is x · (1 + erf(x / √2)) / 2, whose factors exporters write in several orders (D. Hendrycks, K. Gimpel,
    /// *Gaussian Error Linear Units (GELUs)*, 2016, arXiv:1606.08415). Group normalisation is a Reshape to groups, an
    /// InstanceNormalization, a Reshape back, and a Mul and an Add for the scale and the shift of each channel.
    enum Pending: Equatable {
        /// The product x · factor, of which only x / √2 leads on, to the error function.
        case scaled(Float)
        /// The parts of GELU: erf(x / √2), 1 + erf(x / √2), half of that, x / 2, and x · (1 + erf(x / √2)).
        case erf, erfPlusOne, halfErfPlusOne, half, timesErfPlusOne
        /// The logistic function σ(x): a layer by itself, and SiLU when it is multiplied by x.
        case sigmoid
        /// The image as `[batch, groups, pixels of a group's channels]`, with the number of groups.
        case grouped(Int)
        /// The same behind its InstanceNormalization.
        case groupNormalized(Int, epsilon: Float)
        /// The normalised groups as an image again; the scale of each channel is still to come, or is 1.
        case normalized(Int, epsilon: Float)
    }

    /// Index in ``Importer/lines`` of the line that puts it out; -1 for the model's input.
    var line: Int
    /// How often the line had been completed when this was its output: by a bias, a further recurrent layer, or the
    /// choice of the last step. Where the line's own number is higher, that output is not there any more.
    var version = 0
    /// Shape of the line's output for one sample, whatever the file has made of its dimensions.
    var sample: [Int]
    /// The dimensions of the tensor in the file, in its order.
    var axes: [Axis]
    /// What the file has begun to compute of the line's output; nil for the output itself.
    var pending: Pending?
    /// Whether it is the state after the last step of a recurrent layer, whose line does not say so yet.
    var isLastStep = false

    /// Makes the output of a line, with the dimensions as the layer has them behind that of the batch.
    /// - Parameters:
    ///   - line: the line's index; -1 for the model's input.
    ///   - sample: shape of the output for one sample.
    init(line: Int, sample: [Int]) {
        self.line = line
        self.sample = sample
        axes = [.batch] + sample.indices.map { .sample($0) }
    }

    /// The shape that the tensor has in the file, as a Shape node would put it out.
    /// - Parameter batch: number of samples.
    /// - Returns: an extent for each of ``axes``.
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

    /// Number of elements for one sample.
    var count: Int { sample.reduce(1, *) }

    /// Whether two tensors are one output with the dimensions in one order, whatever is ``pending`` of each: the
    /// factors of a product such as x · σ(x) are.
    func isSame(as other: ImportedTensor) -> Bool {
        line == other.line && version == other.version && axes == other.axes && isLastStep == other.isLastStep
    }
}
