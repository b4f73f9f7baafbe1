import Inference
public import NeuralNet
public import Runtime

/// Times single images one after another.
public struct LatencyBenchmarker: Sendable {
    /// Passes that are not counted: caches, branch predictors and oneDNN's first run.
    public var warmUp = 50
    /// Passes that are counted, at most.
    public var passes = 1000
    /// Seconds on the clock after which no further pass begins, once there are `leastPasses`.
    public var longest = 10.0
    public var leastPasses = 30

    public init() {}

    /// What came of it. All but the count in seconds, but for `fps`.
    public struct Result: Sendable, Codable, Equatable {
        public let latency: LatencyHistogram.Summary
        /// Images a second: 1 / mean.
        public var fps: Double { 1 / latency.mean }
    }

    /// - Parameter images: taken in turn; each is of the model's input.
    /// - Precondition: there is an image.
    public func run(_ plan: any InferencePlan, images: Images, clock: any ServingClock) throws(OneDNNError) -> Result {
        for i in 0..<warmUp { _ = try plan.classify(images[i % images.count]) }
        var histogram = LatencyHistogram()
        let start = clock.now
        for i in 0..<passes {
            if i >= leastPasses, (clock.now - start).inSeconds > longest { break }
            let image = images[i % images.count]
            histogram.record(try clock.time { () throws(OneDNNError) in _ = try plan.classify(image) })
        }
        return Result(latency: histogram.summary)
    }
}
