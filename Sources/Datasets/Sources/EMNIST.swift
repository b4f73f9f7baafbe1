public import FedCore

/// Handwritten digits and letters, 1×28×28, in one of the six splits of EMNIST.
///
/// Written `emnist:FOLDER`, where the folder holds the files of the "matlab-free" archive `gzip.zip`, e.g.
/// `emnist-balanced-train-images-idx3-ubyte.gz`, plain or with `.gz`. Option `split` says which: `byclass` (62 classes),
/// `bymerge` (47), `balanced` (47, the default), `letters` (26), `digits` (10) or `mnist` (10).
///
/// The files hold each image column after column and the letters' labels count from 1; samples are given upright, with
/// labels from 0. Pixels are divided by 255.
///
/// G. Cohen et al., *EMNIST: an extension of MNIST to handwritten letters*, 2017, arXiv:1702.05373; the classes' order:
/// `emnist-byclass-mapping.txt` and its like in the archive.
public struct EMNIST: DatasetSource {
    public static let name = "emnist"
    public static let usage = ":FOLDER"
    public static let summary = """
        handwritten digits and letters, 1x28x28: the folder of EMNIST's IDX files; option \
        split=byclass|bymerge|balanced|letters|digits|mnist (balanced)
        """

    /// A split of the collection; the raw value is part of the files' names.
    enum Split: String, CaseIterable {
        case byclass, bymerge, balanced, letters, digits, mnist

        /// Names of the classes, in the order of the labels.
        var classNames: [String] {
            let digits = "0123456789"
            let capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
            let characters =
                switch self {
                case .byclass: digits + capitals + "abcdefghijklmnopqrstuvwxyz"
                // Small letters that look like their capitals are merged with them.
                case .bymerge, .balanced: digits + capitals + "abdefghnqrt"
                case .letters: capitals
                case .digits, .mnist: digits
                }
            return characters.map { String($0) }
        }
    }

    private let folder: String
    private let split: Split

    /// Takes the folder and option `split`.
    ///
    /// - Throws: `ConfigurationError` when the folder is missing, or there is no such split.
    public init(_ argument: String?, options: inout OptionReader) throws(ConfigurationError) {
        folder = try Self.path(argument, "folder")
        let word = try options.choice("split", default: "balanced", of: Split.allCases.map { $0.rawValue })
        split = Split(rawValue: word) ?? .balanced
    }

    /// Maps the split's four files, compressed ones through the cache.
    ///
    /// - Throws: ``DatasetError`` when a file is missing or damaged, or a label is not a class of the split.
    /// - Complexity: O(labels), and the decompression the first time on a host.
    public func open(_ options: DatasetOptions) throws -> DatasetPair {
        let names = split.classNames
        return try IDXFolder.open(
            folder: folder, prefix: "emnist-\(split.rawValue)-", name: "\(Self.name):\(folder)", classes: names.count,
            classNames: names, firstLabel: split == .letters ? 1 : 0, isTransposed: true,
            cacheFolder: options.cacheFolder,
            remedy: "it needs the IDX files of EMNIST's split \(split.rawValue); option split chooses another")
    }
}
