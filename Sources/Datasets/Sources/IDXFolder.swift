import FedCore

/// Any folder with MNIST's four files: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same with `t10k`;
/// each plain or with `.gz`, and `.idx` in the place of `-idx` also accepted.
///
/// Format: Y. LeCun, C. Cortes, C. J. C. Burges, *The MNIST Database of Handwritten Digits*, "File formats",
/// http://yann.lecun.com/exdb/mnist/.
public enum IDXFolder: DatasetSource {
    public static let name = "idx"
    public static let usage = ":FOLDER"
    public static let summary = "a folder with MNIST's four IDX files, plain or .gz; classes = largest train label + 1"

    public static func open(_ argument: String?, options: DatasetOptions) throws -> DatasetPair {
        guard let folder = argument, !folder.isEmpty else {
            throw ConfigurationError("'\(name)' needs a folder: '\(name)\(usage)'")
        }
        return try open(
            folder: folder, name: "\(name):\(folder)", classes: nil, cacheFolder: options.cacheFolder,
            remedy: "a data set needs MNIST's four IDX files")
    }

    /// - Parameters:
    ///   - classes: nil takes the largest training label + 1.
    ///   - remedy: what to do when a file is missing.
    static func open(
        folder: String, name: String, classes: Int?, cacheFolder: String?, remedy: String
    ) throws(DatasetError) -> DatasetPair {
        guard FileSystem.isFolder(folder) else { throw .missing(file: folder, remedy: remedy) }
        let cache = Cache(folder: cacheFolder)

        func file(_ split: String, _ kind: IDXFile.Kind) throws(DatasetError) -> IDXFile {
            let path = try find(split, kind, in: folder, remedy: remedy)
            return try IDXFile(path: path, kind: kind, cache: cache)
        }
        let trainLabels = try file("train", .labels)
        let classes = classes ?? trainLabels.largestByte + 1
        let train = try IDXImages(
            name: name, images: file("train", .images), labels: trainLabels, classes: classes)
        let test = try IDXImages(
            name: name, images: file("t10k", .images), labels: file("t10k", .labels), classes: classes)
        guard train.shape == test.shape else {
            throw .shapeMismatch(
                train: train.path, trainShape: train.shape, test: test.path, testShape: test.shape)
        }
        return DatasetPair(train: train, test: test)
    }

    private static func find(
        _ split: String, _ kind: IDXFile.Kind, in folder: String, remedy: String
    ) throws(DatasetError) -> String {
        let stems = ["\(split)-\(kind.rawValue)-\(kind.suffix)", "\(split)-\(kind.rawValue).\(kind.suffix)"]
        for stem in stems {
            for path in ["\(folder)/\(stem)", "\(folder)/\(stem).gz"] where FileSystem.exists(path) { return path }
        }
        throw .missing(file: "\(folder)/\(stems[0])[.gz]", remedy: remedy)
    }
}
