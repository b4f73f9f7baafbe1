import Datasets
import NeuralNet
import Runtime

/// Reads images and runs layers on them: all that a device does before it encodes. With all layers it is the unsplit
/// model (``LocalStream``, and rank 0's comparison).
final class FrontStage {
    private let plans: BatchPlans
    private let images: DeviceImages
    /// The pace of a simulated device; nil: as fast as this machine is.
    private let pace: SplitPace?
    private var samples: [UInt32]
    private var labels: [Int32]

    /// Makes room for a batch's sample numbers and labels, which every pass uses again.
    ///
    /// - Parameters:
    ///   - plans: The layers, compiled for batches up to `batch`.
    ///   - images: What each request's image is.
    ///   - batch: The most requests of a pass.
    ///   - pace: The pace of a simulated device; nil: as fast as this machine is.
    init(_ plans: BatchPlans, images: DeviceImages, batch: Int, pace: SplitPace? = nil) {
        self.pace = pace
        self.plans = plans
        self.images = images
        samples = [UInt32](repeating: 0, count: batch)
        labels = [Int32](repeating: 0, count: batch)
    }

    /// The layers that are run: a part of the model, or all of it.
    var model: Model { plans.model }

    /// Runs the layers on the images of consecutive requests.
    ///
    /// - Parameters:
    ///   - first: The first request.
    ///   - count: Number of requests, 0 < count ≤ batch.
    ///   - body: Is given the output, `[count, elements]` at the front of a span that may be longer. The span is the
    ///     plan's own memory: it must not outlive the call.
    /// - Returns: What `body` returns.
    /// - Throws: `OneDNNError`; `Interruption` when the run is asked to stop in the middle of a simulated device's pass.
    func run<R>(from first: Int, count: Int, _ body: (Span<Float>) -> R) throws -> R {
        let start = MonotonicClock.now
        for i in 0..<count { samples[i] = images.sample(first + i) }
        let plan = plans.plan(for: count)
        let chosen = samples
        var labels = self.labels
        self.labels = []  // or writing would copy them
        plan.withInput { input in
            var unread = labels.mutableSpan
            images.data.read(chosen.span.extracting(0..<count), into: &input, labels: &unread)
        }
        self.labels = labels
        try plan.forward(count)
        try pace?.wait(since: start, images: count)
        return plan.withOutput(body)
    }
}
