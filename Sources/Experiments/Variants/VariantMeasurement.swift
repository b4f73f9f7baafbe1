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
    /// Latency of single images in seconds, one after the other, from the image in memory to its class.
    package let latency: LatencyHistogram.Summary
    /// Throughput in batches of `throughputBatch`. It is computed from the median time of a batch, so that other work
    /// of the machine has little influence.
    package let imagesPerSecond: Double

    /// Images in a batch when throughput is measured.
    static let throughputBatch = 32

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
        var subjects: [Subject] = []
        for (variant, data) in variants { subjects.append(try Subject(variant, data, threads: threads)) }
        // A pass over the test set counts as much as all turns of a variant: neither is known beforehand.
        let pieces = Double(max(1, 2 * turns * subjects.count))
        var done = 0
        for _ in 0..<turns {
            for subject in subjects {
                try subject.take(images: (images + turns - 1) / turns)
                done += 1
                progress(Double(done) / pieces)
            }
        }
        return try subjects.map { subject in
            let accuracy = try accuracy(of: subject.variant, on: subject.data.test, threads: threads)
            done += turns
            progress(Double(done) / pieces)
            return VariantMeasurement(
                variant: subject.variant,
                accuracy: accuracy,
                testImages: subject.data.testImages, testCount: subject.data.test.count,
                latency: subject.latencies.summary,
                imagesPerSecond: Double(throughputBatch) / subject.batches.summary.p50)
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
                where largest(scores.extracting(row * classes..<(row + 1) * classes)) == Int(labels[row]) {
                    correct += 1
                }
            }
            progress(Double(start + samples.count) / Double(data.count))
        }
        return Double(correct) / Double(data.count)
    }

    /// The index of the largest score; of equal ones the first, so that the answer does not depend on the kernel's
    /// order.
    ///
    /// - Parameter scores: at least one, none of them NaN.
    package static func largest(_ scores: Span<Float>) -> Int {
        var best = 0
        for i in 1..<scores.count where scores[i] > scores[best] { best = i }
        return best
    }
}

/// A variant that is being timed, with its compiled plans and its images in memory.
private final class Subject {
    let variant: Variant
    let data: TestData
    /// Times of single images.
    private(set) var latencies = LatencyHistogram()
    /// Times of batches.
    private(set) var batches = LatencyHistogram()
    /// A plan for one image.
    private let single: any InferencePlan
    /// A plan for a batch of `throughputBatch`.
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

    /// Compiles the plans and reads the images.
    init(_ variant: Variant, _ data: TestData, threads: Int) throws {
        self.variant = variant
        self.data = data
        let test = data.test
        single = try variant.plan(batch: 1, threads: threads)
        whole = try variant.plan(batch: VariantMeasurement.throughputBatch, threads: threads)
        let samples = test.evenlySpaced(256)
        // At least enough for a whole batch, however few there are.
        let count = max(samples.count, VariantMeasurement.throughputBatch)
        images = test.images((0..<count).map { samples[$0 % samples.count] })
    }

    /// Does one turn: warms up, times single images, then batches.
    ///
    /// - Parameter count: images that are timed one by one.
    func take(images count: Int) throws {
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
        return single.withOutput { VariantMeasurement.largest($0) }
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
