import Inference
public import NeuralNet
public import Runtime

/// Measures the latency of a plan on single images, one after another: what ``ModelSelector`` decides by. On a slowed
/// clock the figures are simulated, measured times multiplied.
public struct LatencyBenchmarker: Sendable {
    /// Passes before those that count: they fill caches, train branch predictors, and oneDNN sets up at the first.
    public var warmUp = 50
    /// Passes that count, at most.
    public var passes = 1000
    /// Seconds on the clock after which no further pass begins, once there are ``leastPasses``.
    public var longest = 10.0
    /// Passes that count, at least, however slow the device is.
    public var leastPasses = 30

    /// 50 passes to warm up, then 1,000, or as many as fit into 10 s.
    public init() {}

    /// The measured latencies.
    public struct Result: Sendable, Codable, Equatable {
        /// Count, mean and percentiles, in seconds.
        public let latency: LatencyHistogram.Summary
        /// Images a second: 1 / mean.
        public var fps: Double { 1 / latency.mean }
    }

    /// Runs the benchmark. Blocks for its duration; the calling thread does the work.
    ///
    /// - Parameters:
    ///   - plan: A compiled variant.
    ///   - images: Taken in turn; each is of the model's input.
    ///   - clock: Times each pass.
    /// - Throws: `OneDNNError`.
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
