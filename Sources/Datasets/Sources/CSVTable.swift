public import FedCore

/// Text tables: a line for each sample, one column of labels or some of targets, numbers or texts in all others. Plain or
/// compressed by gzip.
///
/// Written `csv:FILE`, with these options, of which those that take several columns have them separated by spaces:
///
/// - `label`: the column of labels (0), by name or by number, negative from the end.
/// - `target`: instead, columns of numbers to predict: regression.
/// - `labels`: instead, columns of zeros and ones: several labels at once.
/// - `text`: columns of texts, of which each becomes a feature, 1 where the column says it (`CSVCategories`).
/// - `ignore`: columns that are not features.
/// - `header`: whether the first line has names; without it the line itself tells (`CSVHeader`).
/// - `separator`: comma, semicolon or tab.
/// - `missing`: what happens to rows without a label, a target or a feature: `refuse` the file, `drop` the rows, `keep`
///   words that stand for "no value" as a class or a text, or take the `mean` of a feature's column over the rows to train
///   on; a text that is missing is then the share of each text.
/// - `unknown`: what a text is that the table to train on does not have: `refuse` the file, `zero` in the features of its
///   column, or a `missing` value.
/// - `test=FILE`: the test split; without it `test-share` (0.1) of the samples is held out, drawn from `seed`,
///   by default the run's.
/// - `shape`, `layout`, `scale` and `classes`, which turn a row into an image (`TableForm`).
///
/// Labels are whole numbers from 0 on, or any numbers and texts, which become classes in their order
/// (`CSVLabels`). A test table's labels and texts are numbered as in training; others are refused.
///
/// Parsing text is slow, so a file is turned into numbers once, in the cache, from which all ranks of a host
/// map it.
public struct CSVTable: DatasetSource {
    public static let name = "csv"
    public static let samples = "rows"
    public static let usage = ":FILE"
    public static let summary = """
        text tables; options test=FILE, label (0) by name or number, or target=COLUMNS of numbers to predict, or \
        labels=COLUMNS of 0 and 1, text=COLUMNS of texts, ignore=COLUMNS, header, separator, \
        missing=refuse|drop|keep|mean, unknown=refuse|zero|missing, shape=CxHxW, layout=chw|nchw|hwc|nhwc, scale, classes, test-share, seed
        """

    public static let takesSeed = true

    private let path: String
    /// File of the test split; nil holds out a share of the samples.
    private let testPath: String?
    /// Choices for reading the text; part of the key of its copy in the cache.
    private let choices: CSVNumbers.Choices
    /// Options that turn a row of numbers into an image.
    private let form: TableForm

    /// Takes the file and the options; see the type.
    ///
    /// - Throws: `ConfigurationError` when the file is missing or an option is not accepted.
    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        path = try Self.path(argument, "file")
        testPath = options.text("test", "a file with the test split; without one, test-share is held out")
        let given = options.text(
            "label", "the column of labels, by name or number; without one, and without targets, it is the first")
        let label = CSVReader.Column(text: given ?? "0")
        let targets = CSVReader.columns(
            options.text("target", default: "", "columns of numbers to predict, separated by spaces"))
        let labels = CSVReader.columns(
            options.text("labels", default: "", "columns of 0 and 1, each a label, separated by spaces"))
        let texts = CSVReader.columns(
            options.text("text", default: "", "columns of texts, each a feature, separated by spaces"))
        let ignored = CSVReader.columns(
            options.text("ignore", default: "", "columns that are no features, by name or number, separated by spaces"))
        let format = try CSVReader.Format(&options)
        let missing = try MissingValues(&options, of: [.refuse, .drop, .keep, .mean])
        options.explain(
            "rows that lack a value: refuse the file, drop the rows, keep the word (NA, ?) as a class or a text, or fill in the "
                + "column's mean")
        let unknown = try UnknownTexts(&options)
        form = try TableForm(&options)
        let answers = [label.text != "0", !targets.isEmpty, !labels.isEmpty]
        guard answers.count(where: { $0 }) <= 1 else {
            throw ConfigurationError("\(options.owner): label, target and labels exclude each other; choose one")
        }
        guard form.classes == nil || targets.isEmpty && labels.isEmpty else {
            throw ConfigurationError("\(options.owner): classes is for option label; targets are counted")
        }
        choices = CSVNumbers.Choices(
            format: format,
            answer: !targets.isEmpty ? .targets(targets) : !labels.isEmpty ? .labels(labels) : .label(label),
            ignored: ignored, texts: texts, missing: missing, unknown: unknown, names: nil,
            categories: nil,
            isLabelAssumed: given == nil && targets.isEmpty && labels.isEmpty)
    }

    /// Opens the table, and the test table if there is one. Labels of the test table are numbered as in training.
    ///
    /// Where the test table is to be predicted (``DatasetOptions/testMayLackLabels``) it is the only one that is read, if the
    /// columns to train on are known (``DatasetOptions/table``): both splits are its rows, with labels or without.
    ///
    /// - Throws: ``DatasetError`` with the line and column of what is wrong, or when the two tables differ in
    ///   their columns.
    /// - Complexity: O(file) the first time on a host, O(rows) afterwards.
    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        let cache = Cache(folder: options.cacheFolder)
        let toPredict = options.testMayLackLabels ? testPath : nil
        if let toPredict, let table = options.table {
            return try rows(of: toPredict, table, classNames: options.classNames, cache)
        }
        var choices = choices
        if !options.classNames.isEmpty, choices.answer.areClasses { choices.names = options.classNames }
        let numbers = try CSVNumbers(path: path, choices, cache: cache)
        let named = numbers.names.isEmpty ? nil : numbers.names.count
        let train = try split(numbers, classes: form.classes ?? named)
        var table = numbers.columns
        table.classes = choices.answer.areClasses ? train.classes : nil
        guard let testPath else {
            let pair = try train.holdingOut(form.testShare, seed: form.seed ?? options.seed)
            table.filling = try filling(of: pair.train)
            return Self.filled(pair, by: options.filling).noting(numbers.notes).of(table)
        }
        if let toPredict {
            table.filling = try filling(of: train)
            return try rows(of: toPredict, table, classNames: numbers.names, cache)
        }
        var testChoices = choices
        if choices.answer.areClasses { testChoices.names = numbers.names }
        testChoices.categories = numbers.columns.categories
        let testNumbers = try CSVNumbers(path: testPath, testChoices, cache: cache)
        let pair = try train.tested(on: split(testNumbers, classes: train.classes))
        try Self.check(testNumbers, hasColumnsOf: numbers)
        table.filling = try filling(of: pair.train)
        return Self.filled(pair, by: options.filling).noting(numbers.notes + testNumbers.notes).of(table)
    }

    /// The pair with what a model was trained with in the place of missing values, where it was trained with some.
    private static func filled(_ pair: DatasetPair, by filling: [Float]?) -> DatasetPair {
        guard let filling, let train = pair.train as? ArrayImages, let test = pair.test as? ArrayImages,
            train.filling?.count == filling.count
        else { return pair }
        var pair = pair
        (pair.train, pair.test) = (train.filled(with: filling), test.filled(with: filling))
        return pair
    }

    /// What stands for values that are missing in rows to predict: the means over the rows to train on. Nil where there must
    /// not be any.
    private func filling(of train: any Dataset) throws(DatasetError) -> [Float]? {
        guard choices.missing == .mean, let train = train as? ArrayImages else { return nil }
        return if let filling = train.filling { filling } else { try train.means() }
    }

    /// Rows to predict, with labels or without, as both splits.
    ///
    /// - Parameters:
    ///   - path: the table of them.
    ///   - table: the columns of the table that was trained on.
    ///   - classNames: names of its classes; empty where they are numbers.
    private func rows(
        of path: String, _ table: TableColumns, classNames: [String], _ cache: Cache
    ) throws(DatasetError) -> DatasetPair {
        var choices = choices
        choices.trained = table
        choices.names = choices.answer.areClasses ? classNames : nil
        let numbers = try CSVNumbers(path: path, choices, cache: cache)
        guard !numbers.hasGaps || table.filling != nil else {
            throw .malformed(
                file: path,
                reason:
                    "values are missing, and the model was trained without missing=mean: nothing is known to fill in; "
                    + "missing=drop leaves such rows out")
        }
        let rows = try split(numbers, classes: table.classes, keepsUnlabelled: true).filled(with: table.filling)
        return DatasetPair(train: rows, test: rows, notes: numbers.notes).of(table)
    }

    /// A split over the rows of one converted table.
    ///
    /// - Parameters:
    ///   - classes: number of classes; nil: largest label + 1.
    ///   - keepsUnlabelled: whether rows without a label or targets are samples, too.
    private func split(
        _ numbers: CSVNumbers, classes: Int?, keepsUnlabelled: Bool = false
    ) throws(DatasetError) -> ArrayImages {
        let answers: ArrayImages.Answers =
            switch choices.answer {
            case .label: .labels(numbers.answerRows)
            case .labels: .targets(numbers.answerRows, .labels(numbers.targets))
            case .targets: .targets(numbers.answerRows, .values(numbers.targets))
            }
        return try ArrayImages(
            name: "\(Self.name):\(path)", shape: form.shape(ofRow: numbers.features, path: numbers.path),
            images: numbers.featureRows, answers: answers, classes: classes, classNames: numbers.names,
            range: numbers.range, scale: form.scale ?? 1, layout: form.layout,
            dropsUnlabelled: choices.missing.leavesOut, keepsUnlabelled: keepsUnlabelled,
            gaps: numbers.hasGaps ? numbers.columnNames : nil)
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
