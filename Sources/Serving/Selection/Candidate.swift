public import NeuralNet

/// What a variant costs and what it is worth, on one device.
public struct Candidate: Sendable, Codable, Equatable {
    /// E.g. `edgecnn-large f32`.
    public var name: String
    public var parameters: Int
    /// Bytes of the weights as they are stored.
    public var storedBytes: Int
    /// Bytes that serving it takes beside the program: its tensors, see `Variant.servingBytes`.
    public var memoryBytes: Int
    /// Share of the test images that it gets right, in [0, 1].
    public var accuracy: Double
    /// Seconds of one image: the 95th percentile, and the mean.
    public var p95: Double
    public var mean: Double

    public init(
        name: String, parameters: Int, storedBytes: Int, memoryBytes: Int, accuracy: Double, p95: Double, mean: Double
    ) {
        self.name = name
        self.parameters = parameters
        self.storedBytes = storedBytes
        self.memoryBytes = memoryBytes
        self.accuracy = accuracy
        self.p95 = p95
        self.mean = mean
    }
}

extension Variant {
    /// Bytes of what a plan for one image works on: the weights as they were read and as the primitives want them, and
    /// every layer's output. The program itself and oneDNN's code come on top.
    public var servingBytes: Int {
        byteCount + 4 * model.parameterCount + 4 * model.shapes.reduce(0) { $0 + $1.count }
    }
}
