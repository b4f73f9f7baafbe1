public import FedCore

/// Text tables: a line for each sample, one column of labels, numbers in all others. Plain or compressed by gzip.
///
/// Option `label` says which column (0), `ignore` which are no features (separated by spaces), both by name or by number,
/// negative from the end. `header` says whether the first line has names; without it the line itself tells (`CSVHeader`).
/// `separator` is comma, semicolon or tab. Labels are whole numbers from 0 on, or any numbers and texts, which become classes
/// in their order (`CSVLabels`). `missing` says what is done about rows without one: `refuse`, `drop` them, or `keep` what
/// stands for "no value" as a class. `test=FILE` is the test split; without it `test-share` (0.1) of the samples is held out,
/// drawn from `seed`, by default the run's.
///
/// A file is turned into numbers once, in the cache, from which all ranks of a host map it.
public struct CSVTable: DatasetSource {
    public static let name = "csv"
    public static let usage = ":FILE"
    public static let summary = """
        text tables of numbers; options test=FILE, label (0) and ignore by name or number, header, separator, \
        missing=refuse|drop|keep, shape=CxHxW, layout=chw|hwc, scale, classes, test-share, seed
        """

    public static let takesSeed = true

    private let path: String
    private let testPath: String?
    private let choices: CSVNumbers.Choices
    private let form: TableForm

    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        path = try Self.path(argument, "file")
        testPath = options.text("test", "a file with the test split; without one, test-share is held out")
        let label = CSVReader.Column(
            text: options.text("label", default: "0", "the column of labels, by name or number"))
        let ignored = options.text(
            "ignore", default: "", "columns that are no features, by name or number, separated by spaces"
        )
        .split(separator: " ").map { CSVReader.Column(text: String($0)) }
        let format = try CSVReader.Format(&options)
        choices = CSVNumbers.Choices(
            format: format, label: label, ignored: ignored,
            missing: try MissingLabels(&options, of: [.refuse, .drop, .keep]), names: nil)
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
            let pair = try train.holdingOut(form.testShare, seed: form.seed ?? options.seed)
            return pair.noting(numbers.notes)
        }
        var testChoices = choices
        testChoices.names = numbers.names
        let testNumbers = try CSVNumbers(path: testPath, testChoices, cache: cache)
        let pair = try train.tested(on: split(testNumbers, classes: train.classes))
        try Self.check(testNumbers, hasColumnsOf: numbers)
        return pair.noting(numbers.notes + testNumbers.notes)
    }

    private func split(_ numbers: CSVNumbers, classes: Int?) throws(DatasetError) -> ArrayImages {
        try ArrayImages(
            name: "\(Self.name):\(path)", shape: form.shape(ofRow: numbers.features, path: numbers.path),
            images: numbers.featureRows, labels: numbers.labelRows, classes: classes, classNames: numbers.names,
            range: numbers.range, scale: form.scale ?? 1, layout: form.layout,
            dropsUnlabelled: choices.missing == .drop)
    }

    /// Two files with headers must name the same columns in the same order.
    private static func check(_ test: CSVNumbers, hasColumnsOf train: CSVNumbers) throws(DatasetError) {
        for (feature, (own, trained)) in zip(test.columnNames, train.columnNames).enumerated() where own != trained {
            throw .malformed(
                file: test.path,
                reason: "feature \(feature) is column '\(own)', and '\(trained)' in \(train.path): the columns of both "
                    + "must be the same, in one order")
        }
    }
}
