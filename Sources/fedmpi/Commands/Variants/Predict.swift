public import ArgumentParser
import Datasets
import Experiments
import FedCore
import Federation
import Foundation
import Inference
import NeuralNet
import Runtime

extension Variant.Precision: ExpressibleByArgument {}

/// `fedmpi predict`.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Classify images: a JSON object for each, and one for all.",
        discussion: """
            fedmpi predict --model results/example                      the test images of the model's own data set
            fedmpi predict --model results/example --dataset-options test=more.csv      of a table: the rows of another one
            fedmpi predict --model results/example images.idx3-ubyte.gz --labels labels.idx1-ubyte.gz
            """)

    @Option(help: "The trained model: a run's folder, or a safetensors file of any variant.")
    var model: String

    @Argument(
        help: """
            Images: an IDX file of bytes, one image or many, plain or .gz. (default: the test images of the data set)
            """)
    var images: String?

    @Option(help: "Their labels, an IDX file, to tell how often the model is right.")
    var labels: String?

    @Option(
        help: """
            f32 or int8. (default: as the file is) int8 of a file of 32-bit weights is calibrated on training images of \
            --dataset.
            """)
    var precision: Variant.Precision?

    @Option(help: "Images of a pass.")
    var batch = 1

    @OptionGroup var threads: ThreadOption

    @OptionGroup var data: TestDataOptions

    @Flag(help: "Print only the object for all.")
    var quiet = false

    func validate() throws {
        if batch < 1 { throw ValidationError("--batch must be at least 1") }
        if labels != nil, images == nil { throw ValidationError("--labels are those of a file of images; name it") }
    }

    private struct Prediction: Encodable {
        let event = "prediction"
        let image: Int
        let `class`: Int
        /// Absent where the data set's classes have no names.
        let name: String?
        /// Probabilities of all classes.
        let probabilities: [Double]
        /// Absent without labels.
        let label: Int?
        let labelName: String?
        /// Duration of the pass the image was in.
        let milliseconds: Double
    }

    private struct Summary: Encodable {
        struct Milliseconds: Encodable {
            let mean, p50, p95, p99, max: Double
        }

        let event = "summary"
        let model: String
        let precision: String
        let images: Int
        /// Whose they are: e.g. `the 10,000 test images of fashion-mnist`, or the file's path.
        let data: String
        let batch: Int
        let accuracy: Double?
        /// Durations of passes, from the images in memory to their scores.
        let milliseconds: Milliseconds
        let imagesPerSecond: Double
    }

    func run() throws {
        let variant = try variant()
        let choice = try data.choice(for: variant.metadata)
        let pair = images == nil ? try data.open(for: variant).pair : nil
        let source = try source(for: variant.model, choice, pair)
        let names = choice.classNames(of: variant.model, pair)
        let plan = try variant.plan(batch: min(batch, source.count), threads: threads.count)
        let classes = variant.model.classes
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // The first pass makes what later ones find made.
        try plan.forward(plan.batch)
        var latencies = LatencyHistogram()
        var (correct, seconds) = (0, 0.0)
        for start in stride(from: 0, to: source.count, by: plan.batch) {
            let range = start..<min(start + plan.batch, source.count)
            let begin = ContinuousClock.now
            plan.withInput { source.read(range, into: &$0) }
            try plan.forward(range.count)
            let duration = ContinuousClock.now - begin
            latencies.record(duration)
            seconds += duration / .seconds(1)
            let scores = plan.withOutput { scores in (0..<range.count * classes).map { scores[$0] } }
            for image in range {
                let row = Array(scores[(image - start) * classes..<(image - start + 1) * classes])
                guard row.allSatisfy(\.isFinite) else {
                    throw ConfigurationError(
                        "'\(model)' gives image \(image) scores that are NaN or infinite: its weights are damaged or too large"
                    )
                }
                let best = VariantMeasurement.largest(row.span)
                let label = source.label(image)
                if label == best { correct += 1 }
                if quiet { continue }
                let prediction = Prediction(
                    image: image, class: best, name: names.isEmpty ? nil : names[best],
                    probabilities: Self.probabilities(row), label: label,
                    labelName: names.isEmpty ? nil : label.map { names[$0] },
                    milliseconds: 1e3 * (duration / .seconds(1)))
                Console.output(String(decoding: try encoder.encode(prediction), as: UTF8.self))
            }
        }
        let all = latencies.summary
        let summary = Summary(
            model: variant.model.name, precision: variant.precision.rawValue, images: source.count,
            data: pair.map(choice.testImages) ?? images ?? "", batch: plan.batch,
            accuracy: labels == nil && pair == nil ? nil : Double(correct) / Double(source.count),
            milliseconds: .init(
                mean: 1e3 * all.mean, p50: 1e3 * all.p50, p95: 1e3 * all.p95, p99: 1e3 * all.p99, max: 1e3 * all.max),
            imagesPerSecond: Double(source.count) / seconds)
        Console.output(String(decoding: try encoder.encode(summary), as: UTF8.self))
    }

    /// The file's images, or the data set's test images.
    private func source(for model: Model, _ choice: ModelData, _ pair: DatasetPair?) throws -> PredictedImages {
        if let pair { return .split(pair.test) }
        let images = images ?? ""
        let file: ImageFile
        do { file = try ImageFile(images, labels: labels, classes: model.classes) } catch {
            throw ConfigurationError(error.line)
        }
        let shape = file.shape
        guard model.input == [shape.channels, shape.height, shape.width] else {
            throw ConfigurationError("\(model.name) takes \(model.input), '\(images)' holds \(shape)")
        }
        if let note = choice.noteOnBytes { Console.error("fedmpi: note: \(note)") }
        return .file(file)
    }

    /// The model at the precision that was asked for.
    private func variant() throws -> Variant {
        let variant = try Variant(reading: model)
        switch (variant.weights, precision ?? variant.precision) {
        case (.float32(let trained), .int8):
            let train = try data.open(for: variant, usesTraining: true).train
            let samples = train.images(train.evenlySpaced(QuantizedModel.usualSamples))
            return Variant(try QuantizedModel(trained, samples: samples, method: .usual))
        case (.int8, .float32):
            throw ConfigurationError("'\(model)' has 8-bit weights, of which no 32-bit ones can be made")
        case (.float32, .float32), (.int8, .int8): return variant
        }
    }

    /// Softmax.
    static func probabilities(_ scores: [Float]) -> [Double] {
        let largest = Double(scores.max() ?? 0)
        let powers = scores.map { exp(Double($0) - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
}
