public import Datasets
public import FedCore
public import NeuralNet
import Records

/// The data that a trained model is tried on: those that its file names, opened as its run did, unless the user names
/// others. Every command that evaluates a model chooses here.
public struct ModelData: Sendable {
    /// As on the command line.
    public let dataset: String
    public let options: DatasetOptions
    private let origin: DataOrigin

    /// Chooses. Reads no file.
    ///
    /// - Parameters:
    ///   - origin: what the model's file says.
    ///   - dataset: the user's choice, if there is one.
    ///   - named: what the user says the source takes: each replaces what the model's run took of that name.
    public init(of origin: DataOrigin, dataset: String? = nil, options named: NamedOptions = [:]) {
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
        self.options = options
    }

    private static func kind(_ dataset: String) -> Substring { dataset.prefix { $0 != ":" } }

    private var isAsInItsRun: Bool { dataset == origin.dataset && options.named == origin.options.named }

    /// Opens both splits.
    /// - Throws: `ConfigurationError` when they cannot be read.
    public func open() throws(ConfigurationError) -> DatasetPair {
        do { return try Datasets.open(dataset, options: options) } catch {
            let hint =
                isAsInItsRun
                ? " (the model's file names these data; say where they are by --dataset and --dataset-options)" : ""
            throw ConfigurationError("\(error.line)\(hint)")
        }
    }

    /// Opens both splits.
    /// - Throws: `ConfigurationError` when they cannot be read, or the model takes other images.
    public func open(for model: Model) throws(ConfigurationError) -> DatasetPair {
        let data = try open()
        try Self.check(data.test, dataset, for: model)
        return data
    }

    /// - Throws: `ConfigurationError` when the model takes other images, or knows other classes.
    public static func check(
        _ data: any Dataset, _ dataset: String, for model: Model
    ) throws(ConfigurationError) {
        let shape: Shape = [data.shape.channels, data.shape.height, data.shape.width]
        guard model.input == shape, model.classes == data.classes else {
            throw ConfigurationError(
                "\(model.name) takes images of \(model.input) in \(model.classes) classes; those of \(dataset) are "
                    + "\(shape) in \(data.classes)")
        }
    }

    /// What the user should know of the data, a line each: that they are others than those of the model's run, or not
    /// known to be the same. Reads some of the images.
    ///
    /// - Parameters:
    ///   - usesTraining: whether training images are looked at, too.
    ///   - opened: how the data were opened, if not by this choice.
    public func notes(on data: DatasetPair, usesTraining: Bool = false, as opened: ModelData? = nil) -> [String] {
        let opened = opened ?? self
        guard let own = origin.dataset else {
            return ["the model's file does not say what it was trained on; it is tried on \(opened.dataset.printable)"]
        }
        let isAsked =
            opened.dataset != own || opened.options.named != origin.options.named
            || opened.options.seed != origin.options.seed
        let run = "the model's run, which was on \(own.printable) (\(Self.text(origin.options)))"
        var notes: [String] = []
        let others = [
            differs(data.test, origin.testDigest) ? "test" : nil,
            usesTraining && differs(data.train, origin.trainDigest) ? "training" : nil,
        ].compactMap { $0 }.joined(separator: " and ")
        if !others.isEmpty {
            notes.append(
                isAsked
                    ? "these are not the \(others) images of \(run)"
                    : "these are not the \(others) images of \(run): they have changed since, as their SHA-256 is another"
            )
        } else if origin.testDigest == nil {
            notes.append(
                isAsked
                    ? "the model was trained on \(own.printable)"
                    : "the model's file is of an older version, without its data set's options and digest: whether these "
                        + "are its run's test images cannot be told")
        }
        if let scale = origin.scale, scale != data.test.scale, Self.kind(own) == Self.kind(dataset) {
            notes.append(
                "the images are divided by \(data.test.scale); those that the model learnt from, by \(scale)")
        }
        if let place = unlikeClass(data.test) {
            notes.append(
                "class \(place) is '\(data.test.classNames[place].printable)' here, and "
                    + "'\(origin.classNames[place].printable)' for the model")
        }
        return notes
    }

    private func differs(_ data: any Dataset, _ digest: String?) -> Bool {
        digest.map { $0 != data.summarized().sha256 } ?? false
    }

    /// The first class that has another name than the model knows.
    private func unlikeClass(_ data: any Dataset) -> Int? {
        guard data.hasNamedClasses, origin.classNames.count == data.classes else { return nil }
        return zip(data.classNames, origin.classNames).enumerated().first { $1.0 != $1.1 }?.offset
    }

    private static func text(_ options: DatasetOptions) -> String {
        ([options.named.description.printable].filter { !$0.isEmpty } + ["seed \(options.seed)"]).joined(
            separator: ", ")
    }

    /// What the user should know of images of bytes, which are divided by 255: that the model learnt from other numbers.
    public var noteOnBytes: String? {
        // Bytes rarely reach both ends, and a little beyond is still the same range.
        guard let range = origin.range, range.lowerBound < -0.01 || range.upperBound > 1.5 else { return nil }
        return "the model learnt from numbers from \(range.lowerBound) to \(range.upperBound); bytes are divided by 255"
    }

    /// The names of the model's classes, in the order of its scores; empty where nobody knows them.
    public func classNames(of model: Model, _ data: DatasetPair?) -> [String] {
        if origin.classNames.count == model.classes { return origin.classNames }
        let own = data.map(\.test.namedClasses) ?? Datasets.classNames(of: dataset)
        return own.count == model.classes ? own : []
    }

    /// E.g. `the 10,000 test images of fashion-mnist`.
    public func testImages(_ data: DatasetPair) -> String { Self.testImages(data, dataset, options) }

    /// The same for who has no model at hand.
    public static func testImages(_ data: DatasetPair, _ dataset: String, _ options: DatasetOptions) -> String {
        var digits = Array(String(data.test.count))
        for place in stride(from: digits.count - 3, to: 0, by: -3) { digits.insert(",", at: place) }
        let seed = options.named.values["seed"] ?? "\(options.seed)"
        let place: String
        if let test = options.named.values["test"] {
            place = " (in \(test.printable))"
        } else if data.heldOutShare != nil {
            place = " (held out by seed \(seed))"
        } else {
            place = Datasets.areMade(dataset) ? " (seed \(seed))" : ""
        }
        return "the \(String(digits)) test images of \(dataset.printable)\(place)"
    }

    /// What the file says of itself of a model that these data have changed.
    public func metadata(of data: DatasetPair) -> [String: String] {
        isAsInItsRun && origin.trainDigest == data.train.summarized().sha256
            ? [:] : DataOrigin(dataset: dataset, options, data).metadata
    }
}
