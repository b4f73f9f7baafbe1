public import FedCore

/// A folder with MNIST's four files: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same with
/// `t10k` or `test`; each plain or with `.gz`, and `.idx` in the place of `-idx` also accepted.
///
/// Written `idx:FOLDER`, with option `prefix`, what the file names begin with, as in EMNIST's
/// `emnist-letters-train-images-idx3-ubyte.gz`, `first-label`, the label of class 0 (0), and `classes`, the number
/// of classes if it is not as many as up to the largest training label. EMNIST itself, whose images are
/// transposed, is ``EMNIST``. Images have one channel; pixels are divided by 255.
///
/// Format: Y. LeCun, C. Cortes, C. J. C. Burges, *The MNIST Database of Handwritten Digits*, "File formats",
/// http://yann.lecun.com/exdb/mnist/; names: G. Cohen et al., *EMNIST: an extension of MNIST to handwritten
/// letters*, 2017, arXiv:1702.05373.
public struct IDXFolder: DatasetSource {
    public static let name = "idx"
    public static let usage = ":FOLDER"
    public static let summary = """
        a folder with MNIST's four IDX files, plain or .gz; options prefix, first-label (0), \
        classes (as many as up to the largest train label)
        """

    private let folder: String
    private let prefix: String
    private let classes: Int?
    private let firstLabel: Int

    /// Takes the folder, and options `prefix`, `first-label` and `classes` (from 1 to 256, as labels are bytes).
    ///
    /// - Throws: `ConfigurationError` when the folder is missing or an option is not accepted.
    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        folder = try Self.path(argument, "folder")
        prefix = options.text("prefix", default: "", "what the files' names begin with")
        classes = try options.integer("classes", "from 1 to 256") { (1...256).contains($0) }
        firstLabel = try options.integer("first-label", default: 0, "from 0 to 255") { (0...255).contains($0) }
    }

    /// Maps the four files, compressed ones through the cache.
    ///
    /// - Throws: ``DatasetError`` when a file is missing or damaged, or the files do not fit together.
    /// - Complexity: O(labels), and the decompression the first time on a host.
    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        try Self.open(
            folder: folder, prefix: prefix, name: "\(Self.name):\(folder)", classes: classes, firstLabel: firstLabel,
            cacheFolder: options.cacheFolder, remedy: "a data set needs MNIST's four IDX files")
    }

    /// Opens both splits of a folder; also used by sources that are such a folder under another name.
    ///
    /// - Parameters:
    ///   - folder: path of the folder.
    ///   - prefix: what all four file names begin with.
    ///   - name: name of the splits.
    ///   - classes: number of classes; nil takes the largest training label + 1.
    ///   - classNames: `classes` texts; nil: the labels themselves.
    ///   - firstLabel: the label of class 0.
    ///   - isTransposed: whether the files hold each image column after column.
    ///   - cacheFolder: see ``DatasetOptions/cacheFolder``.
    ///   - remedy: advice for the message when a file is missing.
    /// - Throws: ``DatasetError``.
    static func open(
        folder: String, prefix: String = "", name: String, classes: Int?, classNames: [String]? = nil,
        firstLabel: Int = 0, isTransposed: Bool = false, cacheFolder: String?, remedy: String
    ) throws(DatasetError) -> DatasetPair {
        guard FileSystem.isFolder(folder) else { throw .missing(file: folder, remedy: remedy) }
        let cache = Cache(folder: cacheFolder)

        func file(_ splits: String..., kind: IDXFile.Kind) throws(DatasetError) -> IDXFile {
            let path = try find(splits.map { prefix + $0 }, kind, in: folder, remedy: remedy)
            return try IDXFile(path: path, kind: kind, cache: cache)
        }
        let trainLabels = try file("train", kind: .labels)
        let classes = classes ?? max(trainLabels.largestByte - firstLabel + 1, 1)
        let train = try IDXImages(
            name: name, images: file("train", kind: .images), labels: trainLabels, classes: classes,
            classNames: classNames, firstLabel: firstLabel, isTransposed: isTransposed)
        let test = try IDXImages(
            name: name, images: file("t10k", "test", kind: .images), labels: file("t10k", "test", kind: .labels),
            classes: classes, classNames: classNames, firstLabel: firstLabel, isTransposed: isTransposed)
        guard train.shape == test.shape else {
            throw .shapeMismatch(
                train: train.path, trainShape: train.shape, test: test.path, testShape: test.shape)
        }
        return DatasetPair(train: train, test: test)
    }

    /// Path of the first file that exists under one of the accepted names.
    ///
    /// - Throws: ``DatasetError/missing(file:remedy:)`` with the preferred name when there is none.
    private static func find(
        _ splits: [String], _ kind: IDXFile.Kind, in folder: String, remedy: String
    ) throws(DatasetError) -> String {
        let stems = splits.flatMap { split in
            ["-", "."].map { "\(split)-\(kind.rawValue)\($0)\(kind.suffix)" }
        }
        for stem in stems {
            for path in ["\(folder)/\(stem)", "\(folder)/\(stem).gz"] where FileSystem.exists(path) { return path }
        }
        throw .missing(file: "\(folder)/\(stems[0])[.gz]", remedy: remedy)
    }
}
