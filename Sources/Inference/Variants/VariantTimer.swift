package import Datasets
import FedCore
package import NeuralNet
package import Runtime

/// A variant that is being timed, with its compiled plans and its images in memory.
package final class VariantTimer {
    /// Images in a batch when throughput is measured.
    package static let batch = 32

    private let variant: Variant
    /// Times of single images.
    package private(set) var latencies = LatencyHistogram()
    /// Times of batches of ``batch``.
    private var batches = LatencyHistogram()
    /// A plan for one image.
    private let single: any InferencePlan
    /// A plan for a batch of ``batch``.
    private let whole: any InferencePlan
    /// Up to 256 test images, or as many as a batch has, one after the other: reading files is not measured.
    private let images: [Float]
    private let clock = ContinuousClock()
    /// The offset in ``images`` at which the next pass begins.
    private var next = 0

    /// Images that are classified unmeasured at each turn: the variants before have filled the caches with other
    /// weights.
    private static let warmUp = 200
    /// How long batches are timed at each turn.
    private static let durationOfBatches = Duration.milliseconds(30)

    /// Images a second in batches, by the median time of a batch, so that other work of the machine has little influence.
    package var imagesPerSecond: Double { Double(Self.batch) / batches.summary.p50 }

    /// Compiles the plans and reads the images.
    ///
    /// - Throws: oneDNN's errors.
    package init(_ variant: Variant, on test: any Dataset, threads: Int) throws {
        self.variant = variant
        single = try variant.plan(batch: 1, threads: threads)
        whole = try variant.plan(batch: Self.batch, threads: threads)
        let samples = test.evenlySpaced(256)
        // At least enough for a whole batch, however few there are.
        let count = max(samples.count, Self.batch)
        images = test.images((0..<count).map { samples[$0 % samples.count] })
    }

    /// Does one turn: warms up, times single images, then batches.
    ///
    /// - Parameter count: images that are timed one by one.
    /// - Throws: oneDNN's errors.
    package func take(images count: Int) throws {
        for _ in 0..<Self.warmUp { _ = try classify() }
        for _ in 0..<count {
            let start = clock.now
            _ = try classify()
            latencies.record(clock.now - start)
        }
        let end = clock.now + Self.durationOfBatches
        repeat {
            let start = clock.now
            try pass(whole)
            batches.record(clock.now - start)
        } while clock.now < end
    }

    /// Classifies one image.
    ///
    /// - Returns: its class; finding it is part of the latency.
    private func classify() throws -> Int {
        try pass(single)
        return single.withOutput { $0.argmax }
    }

    /// Copies the next images into a plan's input and runs it. Copying is part of the time, as it is when a device
    /// serves.
    private func pass(_ plan: any InferencePlan) throws {
        let images = images
        let count = plan.batch * variant.model.input.count
        if next + count > images.count { next = 0 }
        let start = next
        plan.withInput { input in
            for i in 0..<count { input[unchecked: i] = images[start + i] }
        }
        next += count
        try plan.forward(plan.batch)
    }
}
