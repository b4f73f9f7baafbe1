public import FedCore

/// Arrays of NumPy's: an `.npz` file as `numpy.savez` or `numpy.savez_compressed` makes it, or a folder of
/// `.npy` files.
///
/// Written `numpy:FILE.npz` or `numpy:FOLDER`. The arrays are named `x_train`, `y_train`, `x_test` and
/// `y_test`, as Keras does, unless options `train-images`, `train-labels`, `test-images` and `test-labels` say
/// otherwise.
///
/// - Images are `[count, features]`, `[count, height, width]` or `[count, channels, height, width]` (with
///   `layout=hwc`: channels last); `shape=CxHxW` says what a row is otherwise. Bytes are divided by 255, other
///   numbers by 1, or by option `scale`.
/// - Labels are whole numbers from 0 on; samples whose label is below 0 or NaN are left out with
///   `missing=drop`. With `task=values`, `[count]` or `[count, outputs]` are numbers to predict, with `task=labels` zeros
///   and ones of several labels at once.
/// - Without test arrays, `test-share` (0.1) of the samples is held out, drawn from `seed`, by default the
///   run's.
///
/// Stored arrays are mapped where they are; compressed ones are decompressed into the cache once for each host.
public struct NumPyArrays: DatasetSource {
    public static let name = "numpy"
    public static let samples = "samples"
    public static let usage = ":FILE.npz|FOLDER"
    public static let summary = """
        x_train, y_train, x_test, y_test as .npz or .npy; options train-images, train-labels, test-images, test-labels \
        (names), task=classes|labels|values, missing=refuse|drop, shape=CxHxW, layout=chw|nchw|hwc|nhwc, scale, classes, \
        test-share, seed
        """

    public static let takesSeed = true

    private let path: String
    /// Names of the training arrays, without `.npy`.
    private let trainNames: (images: String, labels: String)
    /// Names of the test arrays; if there is neither, a share of the samples is held out.
    private let testNames: (images: String, labels: String)
    private let task: Task
    private let missing: MissingValues
    private let form: TableForm

    /// What the labels' arrays hold.
    enum Task: String, CaseIterable {
        case classes, labels, values
    }

    /// Takes the file or folder and the options; see the type.
    ///
    /// - Throws: `ConfigurationError` when the path is missing or an option is not accepted.
    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        path = try Self.path(argument, "file or folder")
        trainNames = (
            options.text("train-images", default: "x_train", "an array's name"),
            options.text("train-labels", default: "y_train", "an array's name")
        )
        testNames = (
            options.text("test-images", default: "x_test", "an array's name"),
            options.text("test-labels", default: "y_test", "an array's name")
        )
        let word = try options.choice("task", default: "classes", of: Task.allCases.map { $0.rawValue })
        task = Task(rawValue: word) ?? .classes
        missing = try MissingValues(&options, of: [.refuse, .drop])
        form = try TableForm(&options)
        guard form.classes == nil || task == .classes else {
            throw ConfigurationError("\(options.owner): classes is for task=classes; outputs are counted")
        }
    }

    /// Maps the arrays.
    ///
    /// - Throws: ``DatasetError`` when an array is missing, has an unsuitable shape or type, or holds NaN or
    ///   infinite numbers.
    /// - Complexity: O(numbers) the first time on a host, to find their range; O(labels) afterwards.
    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        let arrays = try NumPyFiles(path, Cache(folder: options.cacheFolder))
        let train = try split(trainNames, "train", of: arrays, classes: form.classes)
        guard arrays.has(testNames.images) || arrays.has(testNames.labels) else {
            let pair = try train.holdingOut(form.testShare, seed: form.seed ?? options.seed)
            let others = arrays.names.filter { $0 != trainNames.images && $0 != trainNames.labels }
            guard !others.isEmpty else { return pair }
            return pair.noting([
                .fact(
                    "\(path): no array '\(testNames.images)'; of the others, \(CSVHeader.list(others, most: 12)), nothing is "
                        + "read")
            ])
        }
        return try train.tested(on: split(testNames, "test", of: arrays, classes: train.classes))
    }

    /// A split over an array of images and an array of labels.
    ///
    /// - Parameters:
    ///   - names: names of the two arrays.
    ///   - kind: `train` or `test`, as the options' names begin, for messages.
    ///   - arrays: the file or folder.
    ///   - classes: number of classes; nil: largest label + 1.
    private func split(
        _ names: (images: String, labels: String), _ kind: String, of arrays: NumPyFiles, classes: Int?
    ) throws(DatasetError) -> ArrayImages {
        let images = try arrays.open(names.images, option: "\(kind)-images")
        let labels = try arrays.open(names.labels, option: "\(kind)-labels")
        if task == .classes { try labels.checkAreLabels() }
        let answers: ArrayImages.Answers =
            switch task {
            case .classes: .labels(labels.rows)
            case .labels: .targets(labels.rows, .labels(labels.width))
            case .values: .targets(labels.rows, .values(labels.width))
            }
        return try ArrayImages(
            name: "\(Self.name):\(path)", shape: form.shape(of: images), images: images.rows, answers: answers,
            classes: classes, range: arrays.range(of: names.images, images),
            scale: form.scale ?? (images.format == .uint8 ? 255 : 1), layout: form.layout,
            dropsUnlabelled: missing == .drop)
    }
}

extension NPYArray {
    /// The array as rows of numbers, one for each sample.
    fileprivate var rows: ArrayImages.Rows {
        ArrayImages.Rows(path: path, bytes: bytes, offset: dataOffset, format: format, count: count)
    }

    /// Number of numbers of a sample.
    fileprivate var width: Int { shape.dropFirst().reduce(1, *) }

    /// Refuses an array that has more than one number for each sample, such as one-hot rows.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` with what to do instead.
    fileprivate func checkAreLabels() throws(DatasetError) {
        guard width > 1 else { return }
        let sides = shape.map { "\($0)" }.joined(separator: ", ")
        throw .malformed(
            file: path,
            reason: "is [\(sides)]; labels are one whole number for each sample: of one-hot rows save "
                + "labels.argmax(axis=1); task=labels takes rows of several labels at once, task=values numbers to predict"
        )
    }
}
