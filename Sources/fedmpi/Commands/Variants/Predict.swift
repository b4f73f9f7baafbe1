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

/// The command `fedmpi predict`: what a trained model of any precision says of images, or of the rows of a table.
///
/// It prints an object of JSON for each sample, in a line of its own, and one for all, so other programs can read
/// the output as it comes. Rows of a table may come without labels: they are predicted, and nothing is said of how
/// often that is right. Only rank 0 runs it, in one process and without MPI; nothing is written.
///
/// Exit codes: 0; 2 for a model, samples or options that do not work, and for a model whose scores are NaN or
/// infinite.
struct Predict: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Predict by a trained model, and test it where labels are known.",
        discussion: """
            fedmpi predict --model results/a --table     accuracy by class, on its test data
            fedmpi predict --model results/a new.csv     new rows, with labels or without
            fedmpi predict --model results/a x.idx3-ubyte.gz --labels y.idx1-ubyte.gz
            """)

    /// A path, or a reference such as `digits@champion`.
    @Option(help: "The trained model: a run's folder, or a safetensors file of any variant.")
    var model: String

    /// Path of a text table, for a model that was trained on one, or of an IDX file; nil takes the test split of the data
    /// set.
    @Argument(
        help: """
            New rows for a model of a table: a CSV file with its columns, in any order; labels may be missing, others are passed \
            over. Or images: an IDX file of bytes, one image or many. Plain or .gz. (default: the test data of the model's run)
            """)
    var images: String?

    /// Path of the labels of ``images``, from which the accuracy is counted.
    @Option(help: "The images' labels, an IDX file, to tell how often the model is right.")
    var labels: String?

    /// Precision to compute in; nil takes that of the file. Integers are made from floats, never the other way
    /// round.
    @Option(
        help: """
            f32 or int8. (default: as the file is) int8 of a file of 32-bit weights is calibrated on training images of \
            --dataset.
            """)
    var precision: Variant.Precision?

    /// Samples of a pass, ≥ 1. With 1 the times are the latencies of single ones; more give more throughput.
    @Option(help: "Images, or rows, of a pass.")
    var batch = 1

    /// Threads of a pass.
    @OptionGroup var threads: ThreadOption

    /// Data set for test images, and for training images when an 8-bit variant has to be calibrated.
    @OptionGroup var data: TestDataOptions

    /// Whether only the summary is printed.
    @Flag(help: "Print only the JSON object for all.")
    var quiet = false

    /// Instead of JSON.
    @Flag(
        help: """
            Print a table instead of JSON, without --worst: accuracy by class, or without labels how many are of each.
            """)
    var table = false

    /// What is printed without ``table``; scripts may say so.
    @Flag(help: "Print JSON, one object per line: the default.")
    var json = false

    /// A line per sample, for other programs that do not read JSON.
    @Flag(
        help: "Print comma-separated values instead of JSON: a line per sample, a column for each class's probability.")
    var csv = false

    /// Errors that are printed with their images; 0 prints none.
    @Option(
        help:
            "Print, behind the rest, so many of the errors of which the model is surest, with their images, and the confusion."
    )
    var worst = 0

    /// Refuses an empty batch, and labels without images: those of a data set are its own.
    func validate() throws {
        if batch < 1 { throw ValidationError("--batch must be at least 1") }
        if table, json || worst > 0 { throw ValidationError("--table is for people: leave --json and --worst out") }
        if csv, json || table || quiet || worst > 0 {
            throw ValidationError("--csv prints each sample and nothing else: leave the other forms of output out")
        }
        if worst < 0 { throw ValidationError("--worst must be at least 0") }
        if labels != nil, images == nil { throw ValidationError("--labels are those of a file of images; name it") }
    }

    /// The last line, for all images or rows.
    private struct Summary: Encodable {
        /// Durations of passes, in milliseconds.
        struct Milliseconds: Encodable {
            let mean, p50, p95, p99, max: Double
        }

        let event = "summary"
        let model: String
        /// `f32` or `int8`, as it was computed.
        let precision: String
        /// How many there are; rows of a table have ``rows``.
        let images: Int?
        /// How many rows of a table there are.
        let rows: Int?
        /// How many of them have a label or targets, where that is not all.
        let labelled: Int?
        /// The samples in words, e.g. `the 10,000 test images of fashion-mnist` or `the 60 rows of new.csv`, or a file's path.
        let data: String
        /// Samples of a pass; at most as many as there are.
        let batch: Int
        /// Share of the samples that are right, in [0, 1]: in all labels, where there are several. Absent where the
        /// truth is not known, and for a regression.
        let accuracy: Double?
        /// The metrics of what the model has learnt, by name; absent where there are none, or the truth is not known.
        let metrics: [String: Double]?
        /// Durations of passes, from reading the samples to their scores.
        let milliseconds: Milliseconds
        /// Images by the sum of the passes' durations; printing does not count.
        let imagesPerSecond: Double?
        /// The same for rows.
        let rowsPerSecond: Double?
        /// Numbers of images, `[true class][what the model says]`; with `--worst`, where the truth is known.
        let confusion: [[Int]]?
    }

    /// Compiles the model, asks it pass by pass, and prints.
    ///
    /// The first pass is not timed: it allocates what later passes reuse. Memory is that of one batch, whatever
    /// the number of images.
    ///
    /// - Throws: `ConfigurationError` for what the user can mend; `OneDNNError`.
    /// - Complexity: O(samples) passes; no allocation of the model's memory between them.
    func run() throws {
        let variant = try variant()
        let newRows = try newRows(for: try data.choice(for: variant.metadata))
        let opened =
            images == nil || newRows != nil
            ? try data.open(for: variant, predicting: newRows, needsClasses: false) : nil
        let (choice, pair) = (try opened?.choice ?? data.choice(for: variant.metadata), opened?.pair)
        let task = choice.task(of: variant.model)
        if labels != nil, !task.hasClasses {
            throw ConfigurationError("--labels are classes, and \(variant.model.name) has learnt \(task)")
        }
        let source = try source(for: variant.model, choice, pair)
        let words =
            newRows.map { "the \(Format.count(source.count, "row")) of \($0)" } ?? pair.map(choice.testImages) ?? images
            ?? ""
        let areRows = pair != nil && Datasets.standard.samples(of: choice.dataset) == "rows"
        let labelled = source.labelled
        let unlabelled =
            labelled < source.count ? UnlabelledRows(labelled, of: source.count, task, words) : nil
        if let unlabelled, areRows, !table { Console.error("fedmpi: note: \(unlabelled.text)") }
        let names = choice.classNames(of: variant.model, pair)
        let plan = try variant.plan(batch: min(batch, source.count), threads: threads.count)
        let classes = variant.model.classes
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // The first pass makes what later ones find made.
        try plan.forward(plan.batch)
        var latencies = LatencyHistogram()
        var seconds = 0.0
        var tally = AnswerTally(task)
        var errors = WorstErrors(most: worst)
        var unknown = PredictedCounts(classes: classes)
        let columns = PredictionColumns(
            task: task, names: names, place: areRows ? "row" : "image", hasTruth: labelled > 0)
        if csv { Console.output(columns.titles) }
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
                        "'\(model)' gives \(areRows ? "row" : "image") \(source.row(image)) scores that are NaN or infinite: "
                            + "its weights are damaged or too large"
                    )
                }
                let truth = source.truth(image, of: task)
                switch truth {
                case .label(let label): tally.add(row.span, labels: [Int32(label)].span)
                case .targets(let targets): tally.add(row.span, targets: targets.span)
                case nil: break
                }
                if (quiet || table && truth != nil) && worst == 0 { continue }
                let prediction = Prediction(
                    areRows ? .row(source.row(image)) : .image(image), scores: row, of: task, truth, names: names,
                    milliseconds: 1e3 * (duration / .seconds(1)))
                errors.add(prediction, at: image)
                if truth == nil { unknown.add(prediction) }
                if csv {
                    Console.output(columns.line(prediction))
                } else if !quiet, !table {
                    Console.output(String(decoding: try encoder.encode(prediction), as: UTF8.self))
                }
            }
        }
        if csv { return }
        if table {
            let text = PredictionText(
                tally: tally, unknown: unknown, task: task, names: names, samples: words, unlabelled: unlabelled)
            return Console.output(try text.text())
        }
        let all = latencies.summary
        let summary = Summary(
            model: variant.model.name, precision: variant.precision.rawValue, images: areRows ? nil : source.count,
            rows: areRows ? source.count : nil, labelled: labelled < source.count ? labelled : nil, data: words,
            batch: plan.batch,
            accuracy: tally.confusion.accuracy,
            metrics: tally.measured.isEmpty
                ? nil : Dictionary(uniqueKeysWithValues: tally.measured.map { ($0.name, $1) }),
            milliseconds: .init(
                mean: 1e3 * all.mean, p50: 1e3 * all.p50, p95: 1e3 * all.p95, p99: 1e3 * all.p99, max: 1e3 * all.max),
            imagesPerSecond: areRows ? nil : Double(source.count) / seconds,
            rowsPerSecond: areRows ? Double(source.count) / seconds : nil,
            confusion: worst > 0 && task.hasClasses && tally.confusion.samples > 0 ? tally.confusion.table : nil)
        Console.output(String(decoding: try encoder.encode(summary), as: UTF8.self))
        for entry in errors.withPixels(from: source, variant.model.input.extents) {
            Console.output(String(decoding: try encoder.encode(entry), as: UTF8.self))
        }
    }

    /// The table of new rows that the argument names; nil where it names images, or nothing.
    ///
    /// A model of a table takes images, too, where its rows are some: an IDX file is what it says it is.
    ///
    /// - Throws: `ConfigurationError` when there are labels beside a table, or a table is given to a model of images.
    private func newRows(for choice: ModelData) throws(ConfigurationError) -> String? {
        guard let images else { return nil }
        let isOfTable = choice.dataset.hasPrefix("\(CSVTable.name):")
        let looksLikeTable = [".csv", ".tsv", ".csv.gz", ".tsv.gz"].contains { images.lowercased().hasSuffix($0) }
        guard isOfTable else {
            guard !looksLikeTable else {
                throw ConfigurationError(
                    "'\(images)' is a table, and the model was trained on \(choice.dataset.printable): rows are for models "
                        + "of data set \(CSVTable.name)\(CSVTable.usage)")
            }
            return nil
        }
        guard FileManager.default.fileExists(atPath: images), (try? ImageFile(images)) == nil else { return nil }
        guard labels == nil else {
            throw ConfigurationError("--labels are those of images; a table has its labels in a column")
        }
        return images
    }

    /// The images to classify: the file's, or the data set's test images.
    ///
    /// - Parameters:
    ///   - model: The model, whose input the images must fit.
    ///   - choice: The data of the model, for a note when it was trained on another range of numbers than bytes
    ///     have.
    ///   - pair: The opened data set; nil where a file is given.
    /// - Throws: `ConfigurationError` when the file cannot be read, or its images have another shape.
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
        try choice.normalization?.check(file.shape, "the model's input_normalization")
        return .file(file, choice.normalization)
    }

    /// The model at the precision that was asked for; calibrates 32-bit weights on training images where 8 bits
    /// are wanted.
    ///
    /// - Throws: `ConfigurationError` when the model cannot be read or quantised, or 32-bit weights are wanted of
    ///   8-bit ones.
    private func variant() throws -> Variant {
        let variant = try Variant(reading: try ModelArgument.path(of: model))
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
}
