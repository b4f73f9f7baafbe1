public import FedCore

/// Zalando's 70,000 images of clothes, 1×28×28, in 10 classes: 60,000 to train on and 10,000 to test on. Read
/// from Debian's `dataset-fashion-mnist` package, so nothing has to be downloaded by hand.
///
/// H. Xiao, K. Rasul, R. Vollgraf, *Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning
/// Algorithms*, 2017, arXiv:1708.07747.
public struct FashionMNIST: DatasetSource {
    public static let name = "fashion-mnist"
    public static let usage = ""
    public static let summary = "70,000 images of clothes, 1×28×28, 10 classes (Debian's dataset-fashion-mnist)"

    public static let classNames = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]

    /// Folder into which Debian's package puts the four files.
    static let debianFolder = "/usr/share/datasets/fashion-mnist"

    /// Takes neither a folder nor options.
    ///
    /// - Throws: `ConfigurationError` that names `idx:FOLDER` when a folder was given.
    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        guard argument == nil else {
            throw ConfigurationError("'\(Self.name)' takes no folder; for one of your own use 'idx:FOLDER'")
        }
    }

    /// Maps the files of Debian's package.
    ///
    /// - Throws: ``DatasetError``; when the package is not installed, the message names it.
    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        try Self.open(folder: Self.debianFolder, options: options)
    }

    /// Maps the files of another folder, which tests make.
    static func open(folder: String, options: DatasetOptions) throws(DatasetError) -> DatasetPair {
        try IDXFolder.open(
            folder: folder, name: name, classes: classNames.count, classNames: classNames,
            cacheFolder: options.cacheFolder, remedy: "apt-get install dataset-fashion-mnist, or --dataset idx:FOLDER")
    }
}
