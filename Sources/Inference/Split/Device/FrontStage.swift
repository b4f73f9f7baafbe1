import Datasets
import NeuralNet

/// Reads images and runs layers on them: what a device does before it sends.
final class FrontStage {
    private let ladder: PlanLadder
    private let images: DeviceImages
    private var samples: [UInt32]
    private var labels: [Int32]

    init(_ ladder: PlanLadder, images: DeviceImages, batch: Int) {
        self.ladder = ladder
        self.images = images
        samples = [UInt32](repeating: 0, count: batch)
        labels = [Int32](repeating: 0, count: batch)
    }

    var model: Model { ladder.model }

    /// Runs the layers on the images of some requests; gives what they put out.
    /// - Parameter count: of requests; 0 < count ≤ batch.
    func run<R>(from first: Int, count: Int, _ body: (Span<Float>) -> R) throws -> R {
        for i in 0..<count { samples[i] = images.sample(first + i) }
        let plan = ladder.plan(for: count)
        let chosen = samples
        var labels = self.labels
        self.labels = []  // or writing would copy them
        plan.withInput { input in
            var unread = labels.mutableSpan
            images.data.read(chosen.span.extracting(0..<count), into: &input, labels: &unread)
        }
        self.labels = labels
        try plan.forward(count)
        return plan.withOutput(body)
    }
}
