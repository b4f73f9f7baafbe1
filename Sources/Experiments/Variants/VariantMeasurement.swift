package import Datasets
import FedCore
import Inference
package import NeuralNet
package import Runtime

/// What a variant of a model is worth on this machine: how often it is right, how long one image takes, and how many
/// images it classifies a second in batches.
///
/// `fedmpi quantize`, `prune` and `variants` show it. Accuracy does not depend on the machine; the times hold for the
/// machine, the number of threads and its load at the moment.
package struct VariantMeasurement {
    /// The variant that was measured.
    package let variant: Variant
    /// Share of the test samples that are classified correctly, in [0, 1].
    package let accuracy: Double
    /// What the accuracy was measured on, as a phrase: `the 10,000 test images of fashion-mnist`.
    package let testImages: String
    /// How many test images that are.
    package let testCount: Int
    /// What a sample is: `images`, or `rows` of a table.
    package let samples: String
    /// Latency of single images in seconds, one after the other, from the image in memory to its class.
    package let latency: LatencyHistogram.Summary
    /// Throughput in batches of `throughputBatch`. It is computed from the median time of a batch, so that other work
    /// of the machine has little influence.
    package let imagesPerSecond: Double

    /// Images in a batch when throughput is measured.
    static let throughputBatch = VariantTimer.batch

    /// Measures variants on the same test split, in turns.
    ///
    /// - Parameters:
    ///   - variants: at least one.
    ///   - data: the test split is used.
    ///   - threads: OpenMP threads of each pass.
    ///   - images: images of each variant that are timed one by one.
    ///   - progress: told between two pieces of work how much is done, in [0, 1]; never while anything is timed.
    /// - Returns: a measurement for each variant, in their order.
    /// - Throws: oneDNN's errors.
    package static func measure(
        _ variants: [Variant], on data: TestData, threads: Int, images: Int, progress: (Double) -> Void = { _ in }
    ) throws -> [VariantMeasurement] {
        try measure(variants.map { ($0, data) }, threads: threads, images: images, progress: progress)
    }

    /// Measures variants in turns, so that a disturbance of the machine meets all of them alike; one after the other, a
    /// warm processor would be blamed on the last.
    ///
    /// - Parameters:
    ///   - variants: each with its own data.
    ///   - threads: OpenMP threads of each pass.
    ///   - images: images of each variant that are timed one by one, rounded up to a multiple of `turns`.
    ///   - turns: how often each variant's turn comes.
    ///   - progress: told between two pieces of work how much is done, in [0, 1]; never while anything is timed.
    /// - Returns: a measurement for each variant, in their order.
    /// - Throws: oneDNN's errors.
    /// - Complexity: for each variant one pass over the test split; in each turn 200 images unmeasured, its share of
    ///   `images`, and 30 ms of batches.
    package static func measure(
        _ variants: [(Variant, TestData)], threads: Int, images: Int, turns: Int = 10,
        progress: (Double) -> Void = { _ in }
    ) throws -> [VariantMeasurement] {
        var timers: [VariantTimer] = []
        for (variant, data) in variants { timers.append(try VariantTimer(variant, on: data.test, threads: threads)) }
        // A pass over the test set counts as much as all turns of a variant: neither is known beforehand.
        let pieces = Double(max(1, 2 * turns * timers.count))
        var done = 0
        for _ in 0..<turns {
            for timer in timers {
                try timer.take(images: (images + turns - 1) / turns)
                done += 1
                progress(Double(done) / pieces)
            }
        }
        return try zip(variants, timers).map { subject, timer in
            let (variant, data) = subject
            let accuracy = try accuracy(of: variant, on: data.test, threads: threads)
            done += turns
            progress(Double(done) / pieces)
            return VariantMeasurement(
                variant: variant, accuracy: accuracy, testImages: data.testImages, testCount: data.test.count,
                samples: data.samples, latency: timer.latencies.summary, imagesPerSecond: timer.imagesPerSecond)
        }
    }

    /// The share of a data set's samples that a variant classifies correctly, in [0, 1].
    ///
    /// - Parameters:
    ///   - variant: the model at its precision.
    ///   - data: at least one sample, with the model's input shape and classes.
    ///   - threads: OpenMP threads of each pass.
    ///   - progress: told after each batch how much is done, in [0, 1].
    /// - Throws: oneDNN's errors.
    /// - Complexity: O(samples) forward passes, in batches of up to 100.
    package static func accuracy(
        of variant: Variant, on data: any Dataset, threads: Int, progress: (Double) -> Void = { _ in }
    ) throws -> Double {
        let plan = try variant.plan(batch: min(100, data.count), threads: threads)
        let classes = variant.model.classes
        var labels = [Int32](repeating: 0, count: plan.batch)
        var correct = 0
        for start in stride(from: 0, to: data.count, by: plan.batch) {
            let samples = (start..<min(start + plan.batch, data.count)).map { UInt32($0) }
            var labelSpan = labels.mutableSpan
            plan.withInput { data.read(samples.span, into: &$0, labels: &labelSpan) }
            try plan.forward(samples.count)
            plan.withOutput { scores in
                for row in samples.indices
                where scores.extracting(row * classes..<(row + 1) * classes).argmax == Int(labels[row]) {
                    correct += 1
                }
            }
            progress(Double(start + samples.count) / Double(data.count))
        }
        return Double(correct) / Double(data.count)
    }
}
