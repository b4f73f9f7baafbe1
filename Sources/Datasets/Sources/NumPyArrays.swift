import FedCore

/// Arrays of NumPy's: an `.npz` file as `numpy.savez` or `numpy.savez_compressed` makes it, or a folder of `.npy` files.
///
/// They are named `x_train`, `y_train`, `x_test` and `y_test`, as Keras does, unless options `train-images`,
/// `train-labels`, `test-images` and `test-labels` say otherwise. Images are `[count, features]`, `[count, height, width]`
/// or `[count, channels, height, width]` (with `layout=hwc`: channels last); `shape=CxHxW` says what a row is otherwise.
/// Bytes are divided by 255, other numbers by 1, or by option `scale`. Labels are whole numbers from 0 on. Without test
/// arrays, `test-share` (0.1) of the samples is held out, drawn from `seed`, by default the run's.
public struct NumPyArrays: DatasetSource {
    public static let name = "numpy"
    public static let usage = ":FILE.npz|FOLDER"
    public static let summary = """
        x_train, y_train, x_test, y_test as .npz or .npy; options train-images, train-labels, test-images, test-labels \
        (names), shape=CxHxW, layout=chw|hwc, scale, classes, test-share, seed
        """

    public static let takesSeed = true

    private let path: String
    private let trainNames: (images: String, labels: String)
    private let testNames: (images: String, labels: String)
    private let form: TableForm

    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        path = try Self.path(argument, "file or folder")
        trainNames = (options.text("train-images") ?? "x_train", options.text("train-labels") ?? "y_train")
        testNames = (options.text("test-images") ?? "x_test", options.text("test-labels") ?? "y_test")
        form = try TableForm(&options)
    }

    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        let arrays = try Arrays(path, Cache(folder: options.cacheFolder))
        let train = try split(trainNames, of: arrays, classes: form.classes)
        let hasTest = arrays.has(testNames.images) || arrays.has(testNames.labels)
        guard hasTest else {
            return try train.holdingOut(form.testShare, seed: form.seed ?? options.seed)
        }
        let test = try split(testNames, of: arrays, classes: train.classes)
        guard train.shape == test.shape else {
            throw DatasetError.shapeMismatch(
                train: train.images.path, trainShape: train.shape, test: test.images.path, testShape: test.shape)
        }
        return DatasetPair(train: train, test: test)
    }

    private func split(
        _ names: (images: String, labels: String), of arrays: Arrays, classes: Int?
    ) throws -> ArrayImages {
        let images = try arrays.open(names.images)
        let labels = try arrays.open(names.labels)
        guard labels.shape.dropFirst().allSatisfy({ $0 == 1 }), labels.format.isInteger else {
            throw DatasetError.malformed(file: labels.path, reason: "is no array of one whole number for each sample")
        }
        return try ArrayImages(
            name: "\(Self.name):\(path)", shape: form.shape(of: images), images: images.rows, labels: labels.rows,
            classes: classes, scale: form.scale ?? (images.format == .uint8 ? 255 : 1), layout: form.layout)
    }
}

extension NPYArray {
    fileprivate var rows: ArrayImages.Rows {
        ArrayImages.Rows(path: path, bytes: bytes, offset: dataOffset, format: format, count: count)
    }
}

/// Arrays by name.
private struct Arrays {
    private let path: String
    private let cache: Cache
    /// nil: the path is a folder.
    private let archive: ZipFile?

    init(_ path: String, _ cache: Cache) throws(DatasetError) {
        guard FileSystem.exists(path) else {
            throw .missing(file: path, remedy: "a data set needs an .npz file, or a folder of .npy files")
        }
        self.path = path
        self.cache = cache
        archive = FileSystem.isFolder(path) ? nil : try ZipFile(path: path)
    }

    func has(_ name: String) -> Bool {
        guard let archive else { return FileSystem.exists("\(path)/\(name).npy") }
        return archive.entries["\(name).npy"] != nil
    }

    func open(_ name: String) throws(DatasetError) -> NPYArray {
        guard has(name) else { throw .malformed(file: path, reason: "has no array '\(name)'") }
        guard let archive, let entry = archive.entries["\(name).npy"] else {
            return try NPYArray(path: "\(path)/\(name).npy")
        }
        let label = "\(path)[\(name)]"
        guard entry.isDeflated else { return try NPYArray(path: label, archive.bytes, in: entry.range) }
        let copy = try cache.copy(of: path, key: "npz \(name)") { _, write throws(DatasetError) in
            try Gunzip.decompress(entry, of: archive.bytes, path: label, into: write)
        }
        return try NPYArray(path: label, copy, in: 0..<copy.count)
    }
}
