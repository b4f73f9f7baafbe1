import FedCore

/// Text tables: a line for each sample, one column of labels, numbers in all others.
///
/// Option `label` says which column (0), `ignore` which are no features (separated by spaces), both by name or by number,
/// negative from the end. `header` says whether the first line has names; it has if a column is asked for by name.
/// `separator` is comma, semicolon or tab. Labels are whole numbers from 0 on, or any texts, which become classes in their
/// order. `test=FILE` is the test split; without it `test-share` (0.1) of the samples is held out, drawn from `seed`, by default the run's.
///
/// A file is turned into numbers once, in the cache, from which all ranks of a host map it.
public struct CSVTable: DatasetSource {
    public static let name = "csv"
    public static let usage = ":FILE"
    public static let summary = """
        text tables of numbers; options test=FILE, label (0) and ignore by name or number, header, separator, \
        shape=CxHxW, layout=chw|hwc, scale, classes, test-share, seed
        """

    public static let takesSeed = true

    private let path: String
    private let testPath: String?
    private let choices: CSVNumbers.Choices
    private let form: TableForm

    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        path = try Self.path(argument, "file")
        testPath = options.text("test")
        let label = CSVReader.Column(text: options.text("label") ?? "0")
        let ignored = (options.text("ignore") ?? "").split(separator: " ").map { CSVReader.Column(text: String($0)) }
        choices = CSVNumbers.Choices(
            format: try CSVReader.Format(&options), label: label, ignored: ignored, names: nil)
        form = try TableForm(&options)
    }

    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        let cache = Cache(folder: options.cacheFolder)
        var choices = choices
        if !options.classNames.isEmpty { choices.names = options.classNames }
        let numbers = try CSVNumbers(path: path, choices, cache: cache)
        let named = numbers.names.isEmpty ? nil : numbers.names.count
        let train = try split(numbers, classes: form.classes ?? named)
        guard let testPath else {
            return try train.holdingOut(form.testShare, seed: form.seed ?? options.seed)
        }
        var testChoices = choices
        testChoices.names = numbers.names
        let test = try split(
            CSVNumbers(path: testPath, testChoices, cache: cache), classes: train.classes)
        guard train.shape == test.shape else {
            throw DatasetError.shapeMismatch(
                train: path, trainShape: train.shape, test: testPath, testShape: test.shape)
        }
        return DatasetPair(train: train, test: test)
    }

    private func split(_ numbers: CSVNumbers, classes: Int?) throws(DatasetError) -> ArrayImages {
        try ArrayImages(
            name: "\(Self.name):\(path)", shape: form.shape(ofRow: numbers.features, path: numbers.path),
            images: numbers.featureRows, labels: numbers.labelRows, classes: classes, classNames: numbers.names,
            scale: form.scale ?? 1, layout: form.layout)
    }
}
