public import NeuralNet
import Runtime

/// What a variant costs and what it is worth, on one device. Latencies are on the device's clock, so they are simulated
/// where the device is.
public struct Candidate: Sendable, Codable, Equatable {
    /// Name and precision, e.g. `edgecnn-large f32`.
    public var name: String
    /// Number of parameters.
    public var parameters: Int
    /// Bytes of the weights as they are stored.
    public var storedBytes: Int
    /// Bytes that serving it takes beside the program: its tensors, see `Variant.servingBytes`.
    public var memoryBytes: Int
    /// Bytes that it takes on a device with nothing but itself: `Model.inferenceBytes` of one image, as `fedmpi fleet`
    /// counts it.
    public var modelBytes: Int
    /// Share of the test images that it gets right, in [0, 1].
    public var accuracy: Double
    /// 95th percentile of the latencies of single images, in seconds.
    public var p95: Double
    /// Mean latency of single images, in seconds.
    public var mean: Double

    /// A benchmarked variant.
    public init(
        name: String, parameters: Int, storedBytes: Int, memoryBytes: Int, modelBytes: Int = 0, accuracy: Double,
        p95: Double, mean: Double
    ) {
        self.name = name
        self.parameters = parameters
        self.storedBytes = storedBytes
        self.memoryBytes = memoryBytes
        self.modelBytes = modelBytes
        self.accuracy = accuracy
        self.p95 = p95
        self.mean = mean
    }
}

extension Candidate {
    /// A variant as it was measured.
    ///
    /// - Parameters:
    ///   - variant: what is stored and computed.
    ///   - name: what messages call it.
    ///   - accuracy: share of the test images that it gets right, in [0, 1].
    ///   - latency: of single images.
    init(_ variant: Variant, name: String, accuracy: Double, latency: LatencyHistogram.Summary) {
        self.init(
            name: name, parameters: variant.model.parameterCount, storedBytes: variant.byteCount,
            memoryBytes: variant.servingBytes, modelBytes: variant.modelBytes, accuracy: accuracy, p95: latency.p95,
            mean: latency.mean)
    }
}

extension Variant {
    /// Bytes that a plan for one image works on: the weights as they were read and as the primitives want them, and
    /// every layer's output in floats. The program itself and oneDNN's code come on top. An estimate from shapes, which
    /// needs no plan.
    public var servingBytes: Int {
        byteCount + 4 * model.parameterCount + 4 * model.shapes.reduce(0) { $0 + $1.count }
    }

    /// Bytes that it takes on a device with nothing but itself, one image at a time: the rule of `fedmpi fleet`, so that
    /// both commands judge a class alike.
    public var modelBytes: Int {
        switch precision {
        case .float32: model.inferenceBytes(batch: 1)
        case .int8: model.inferenceBytes(batch: 1, number: 1)
        }
    }
}
