public import Datasets
public import FedCore
public import NeuralNet
import Records

/// The data that a trained model is tried on: those that its file names, opened as its run did, unless the user names
/// others. Every command that evaluates a model chooses here, so that all treat a model's own test samples alike.
public struct ModelData: Sendable {
    /// Name of the data set, as on the command line.
    public let dataset: String
    /// What the source is opened with.
    public let options: DatasetOptions
    /// What the model's file says.
    private let origin: DataOrigin

    /// Chooses the data. Reads no file.
    ///
    /// - Parameters:
    ///   - origin: what the model's file says.
    ///   - dataset: the user's choice; nil takes the model's own.
    ///   - named: options of the source that the user gives: each replaces the one of that name from the model's run.
    ///     With another file of the same kind the run's options stay, but not its test file; with another kind none
    ///     stays.
    ///   - testMayLackLabels: whether the samples of a test file are to be predicted, and so need no label.
    public init(
        of origin: DataOrigin, dataset: String? = nil, options named: NamedOptions = [:],
        testMayLackLabels: Bool = false
    ) {
        self.origin = origin
        self.dataset = dataset ?? origin.dataset ?? RunSettings().dataset
        var options = origin.options
        options.classNames = origin.classNames
        var values = origin.options.named.values
        if self.dataset != origin.dataset {
            // Another file of the same kind has the same form, but not the same file to test on.
            values = Self.kind(self.dataset) == origin.dataset.map(Self.kind) ? values.filter { $0.key != "test" } : [:]
        }
        options.named = NamedOptions(values.merging(named.values) { $1 })
        options.testMayLackLabels = testMayLackLabels
        // The columns of the model's own table stand for it.
        if testMayLackLabels, self.dataset == origin.dataset { options.table = origin.table }
        // Another mean would be another number than the model has learnt from, though the row is the same.
        if Self.kind(self.dataset) == origin.dataset.map(Self.kind) { options.filling = origin.table?.filling }
        self.options = options
    }

    /// The part of a data set's name before its path, e.g. `csv`: the same kind is read by the same code.
    private static func kind(_ dataset: String) -> Substring { dataset.prefix { $0 != ":" } }

    /// Whether these are the run's own data, opened as it opened them.
    private var isAsInItsRun: Bool { dataset == origin.dataset && options.named == origin.options.named }

    /// Opens both splits.
    /// - Throws: `ConfigurationError` when they cannot be read; when the user has named nothing, with a hint at the
    ///   options that say where the data are.
    public func open() throws(ConfigurationError) -> DatasetPair {
        do { return try Datasets.standard.open(dataset, options: options) } catch {
            let hint =
                isAsInItsRun
                ? " (the model's file names these data; say where they are by --dataset and --dataset-options)" : ""
            throw ConfigurationError("\(error.line)\(hint)")
        }
    }

    /// Opens both splits, and checks that they are for this model.
    /// - Throws: `ConfigurationError` when they cannot be read, or the model takes other images or knows other classes.
    public func open(for model: Model) throws(ConfigurationError) -> DatasetPair {
        var data = try open()
        if let numbers = origin.normalization {
            try numbers.check(data.test.shape, "the model's input_normalization")
            data = data.normalized(by: numbers)
        }
        if origin.task == .labels(1), data.train.task == .classes(2) { data = data.withBinaryTargets }
        try Self.check(data.test, dataset, for: model)
        return data
    }

    /// What the model takes its inputs normalised by; nil where it takes them as they are.
    public var normalization: Normalization? { origin.normalization }

    /// What a model of so many outputs has learnt.
    public func task(of model: Model) -> LearningTask { origin.task ?? .classes(model.classes) }

    /// Checks that a split is for this model.
    /// - Throws: `ConfigurationError` when the model takes images of another shape, or has another number of classes.
    public static func check(
        _ data: any Dataset, _ dataset: String, for model: Model
    ) throws(ConfigurationError) {
        let shape: Shape = [data.shape.channels, data.shape.height, data.shape.width]
        guard model.input == shape, model.classes == data.task.outputs else {
            let samples = Datasets.standard.samples(of: dataset)
            throw ConfigurationError(
                "\(model.name) takes \(samples) of \(model.input) in \(model.classes) classes; those of \(dataset) are "
                    + "\(shape) in \(data.task.hasClasses ? "\(data.classes)" : "\(data.task)")")
        }
    }

    /// What the user should know of the data, a line each: that they differ from those of the model's run, or that this
    /// cannot be told. Reads up to a thousand images of each split.
    ///
    /// - Parameters:
    ///   - data: the opened splits.
    ///   - usesTraining: whether training images are looked at, too.
    ///   - opened: the choice that the data were opened by, if not this one.
    /// - Returns: printable lines; none when nothing is to be said.
    public func notes(on data: DatasetPair, usesTraining: Bool = false, as opened: ModelData? = nil) -> [String] {
        let opened = opened ?? self
        guard let own = origin.dataset else {
            return ["the model's file does not say what it was trained on; it is tried on \(opened.dataset.printable)"]
        }
        let isAsked =
            opened.dataset != own || opened.options.named != origin.options.named
            || opened.options.seed != origin.options.seed
        let samples = Datasets.standard.samples(of: own)
        let run = "the model's run, which was on \(own.printable) (\(Self.text(origin.options)))"
        var notes: [String] = []
        let others = [
            differs(data.test, origin.testDigest) ? "test" : nil,
            usesTraining && differs(data.train, origin.trainDigest) ? "training" : nil,
        ].compactMap { $0 }.joined(separator: " and ")
        if !others.isEmpty {
            notes.append(
                isAsked
                    ? "these are not the \(others) \(samples) of \(run)"
                    : "these are not the \(others) \(samples) of \(run): they have changed since, as their SHA-256 is another"
                        + (data.heldOutShare == nil || usesTraining
                            ? "" : "; \(samples) that are held out now may have been trained on")
            )
        } else if origin.testDigest == nil {
            notes.append(
                isAsked
                    ? "the model was trained on \(own.printable)"
                    : "the model's file is of an older version, without its data set's options and digest: whether these "
                        + "are its run's test \(samples) cannot be told")
        }
        if let scale = origin.scale, scale != data.test.scale, Self.kind(own) == Self.kind(dataset) {
            notes.append(
                "the numbers are divided by \(data.test.scale); those that the model learnt from, by \(scale)")
        }
        if let place = unlikeClass(data.test) {
            notes.append(
                "class \(place) is '\(data.test.classNames[place].printable)' here, and "
                    + "'\(origin.classNames[place].printable)' for the model")
        }
        return notes
    }

    /// Whether a split has another digest than the file says; false when the file says none.
    private func differs(_ data: any Dataset, _ digest: String?) -> Bool {
        digest.map { $0 != data.summarized().sha256 } ?? false
    }

    /// The first class that has another name here than for the model; nil when the names agree, or one side has none.
    private func unlikeClass(_ data: any Dataset) -> Int? {
        guard data.hasNamedClasses, origin.classNames.count == data.classes else { return nil }
        return zip(data.classNames, origin.classNames).enumerated().first { $1.0 != $1.1 }?.offset
    }

    /// The options as they are quoted in a note.
    private static func text(_ options: DatasetOptions) -> String {
        ([options.named.description.printable].filter { !$0.isEmpty } + ["seed \(options.seed)"]).joined(
            separator: ", ")
    }

    /// A note on images of bytes, as `predict` reads them, which are divided by 255: that the model was trained on
    /// numbers of another range. Nil when the range fits, or is not known.
    public var noteOnBytes: String? {
        // Bytes rarely reach both ends, and a little beyond is still the same range.
        guard origin.normalization == nil, let range = origin.range, range.lowerBound < -0.01 || range.upperBound > 1.5
        else { return nil }
        return "the model learnt from numbers from \(range.lowerBound) to \(range.upperBound); bytes are divided by 255"
    }

    /// Names of the model's classes, in the order of its scores.
    /// - Parameters:
    ///   - model: the model; names of another number of classes are not its own.
    ///   - data: the opened data, if they are; nil takes what is known of the data set by its name.
    /// - Returns: the names; empty where nobody knows them.
    public func classNames(of model: Model, _ data: DatasetPair?) -> [String] {
        if origin.classNames.count == model.classes { return origin.classNames }
        let own = data.map(\.test.namedClasses) ?? Datasets.standard.classNames(of: dataset)
        return own.count == model.classes ? own : []
    }

    /// A phrase for the test images, e.g. `the 10,000 test images of fashion-mnist`.
    public func testImages(_ data: DatasetPair) -> String { Self.testImages(data, dataset, options) }

    /// The same phrase where there is no model's file: it says how the samples were chosen (a file, a seed that held
    /// them out, or one that made them), because that decides what a figure on them means.
    public static func testImages(_ data: DatasetPair, _ dataset: String, _ options: DatasetOptions) -> String {
        let seed = options.named.values["seed"] ?? "\(options.seed)"
        let place: String
        if let test = options.named.values["test"] {
            place = " (in \(test.printable))"
        } else if data.heldOutShare != nil {
            place = " (held out by seed \(seed))"
        } else {
            place = Datasets.standard.areMade(dataset) ? " (seed \(seed))" : ""
        }
        let samples = Datasets.standard.samples(of: dataset)
        return "the \(NumberText.grouped(data.test.count)) test \(samples) of \(dataset.printable)\(place)"
    }

    /// What the file of a model says of its data after it was trained further on these: nothing new when they are its
    /// run's own, otherwise a description of them.
    public func metadata(of data: DatasetPair) -> [String: String] {
        isAsInItsRun && origin.trainDigest == data.train.summarized().sha256
            ? [:] : DataOrigin(dataset: dataset, options, data).metadata
    }
}
