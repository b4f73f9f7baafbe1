public import FedCore

/// 60,000 colour photographs, 3×32×32, in 10 classes, in the authors' binary form: 50,000 to train on in five
/// files and 10,000 to test on.
///
/// Written `cifar-10:FOLDER`, where the folder is the one that the archive unpacks to, or the one that holds
/// it. Pixels are divided by 255.
///
/// A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009; format:
/// https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
public struct CIFAR10: DatasetSource {
    public static let name = "cifar-10"
    public static let usage = ":FOLDER"
    public static let summary = "60,000 photographs, 3x32x32, 10 classes: the folder of cifar-10-binary.tar.gz"

    public static let classNames = [
        "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
    ]

    private let folder: String

    /// Takes the folder. It has no options.
    ///
    /// - Throws: `ConfigurationError` when the folder is missing.
    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        folder = try Self.path(argument, "folder")
    }

    /// Maps the six files of records.
    ///
    /// - Throws: ``DatasetError`` when a file is missing, its length is not a whole number of records, or a
    ///   label is not a class.
    /// - Complexity: O(samples): one label of each record is read.
    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        // A record is a label and an image.
        try CIFARRecords.open(
            in: folder, inner: "cifar-10-batches-bin", name: "\(Self.name):\(folder)", classes: Self.classNames.count,
            names: (file: "batches.meta.txt", otherwise: Self.classNames), labelBytes: 1, label: 0,
            train: (1...5).map { "data_batch_\($0).bin" }, test: "test_batch.bin")
    }
}

/// 60,000 colour photographs, 3×32×32, in 100 classes, or with `labels=coarse` in 20 groups of them: 50,000 to
/// train on and 10,000 to test on.
///
/// Written `cifar-100:FOLDER`, as ``CIFAR10``. The names of the classes are in the archive.
///
/// A. Krizhevsky, *Learning Multiple Layers of Features from Tiny Images*, 2009; format:
/// https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
public struct CIFAR100: DatasetSource {
    public static let name = "cifar-100"
    public static let usage = ":FOLDER"
    public static let summary = """
        60,000 photographs, 3x32x32, 100 classes: the folder of cifar-100-binary.tar.gz; option labels=fine|coarse
        """

    private let folder: String
    /// Whether the 20 groups are the classes, not the 100 kinds.
    private let isCoarse: Bool

    /// Takes the folder and option `labels`.
    ///
    /// - Throws: `ConfigurationError` when the folder is missing, or `labels` is neither `fine` nor `coarse`.
    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        folder = try Self.path(argument, "folder")
        isCoarse = try options.choice("labels", default: "fine", of: ["fine", "coarse"]) == "coarse"
    }

    /// Maps the two files of records; errors and cost as for ``CIFAR10``.
    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        // A record is a coarse label, a fine label and an image.
        try CIFARRecords.open(
            in: folder, inner: "cifar-100-binary", name: "\(Self.name):\(folder)", classes: isCoarse ? 20 : 100,
            names: (file: isCoarse ? "coarse_label_names.txt" : "fine_label_names.txt", otherwise: nil),
            labelBytes: 2, label: isCoarse ? 0 : 1, train: ["train.bin"], test: "test.bin")
    }
}
