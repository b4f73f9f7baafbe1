public import FedCore

/// The files of a data set are not what they should be. Each case prints as one line that names the file.
public enum DatasetError: UserError, Equatable {
    /// The file or folder is not there; `remedy` says how to get it.
    case missing(file: String, remedy: String)
    /// The operating system refused; `reason` is its own text.
    case unreadable(file: String, reason: String)
    /// The file did not keep still.
    case changed(file: String)
    /// The first four bytes are not those of an IDX file of unsigned bytes with as many dimensions as expected.
    case wrongMagic(file: String, expected: UInt32, actual: UInt32)
    /// Fewer bytes than the header promises, after decompression.
    case truncated(file: String, expectedBytes: Int, actualBytes: Int)
    /// Bytes after the last one the header promises, after decompression.
    case trailingBytes(file: String, expectedBytes: Int)
    /// Not a gzip file, or a damaged one.
    case badGzip(file: String, reason: String)
    /// A dimension in the header is 0, or their product does not fit an Int.
    case badDimensions(file: String, dimensions: [UInt32])
    /// Images and labels are not one to one.
    case countMismatch(images: String, imageCount: Int, labels: String, labelCount: Int)
    /// The two splits differ in image size.
    case shapeMismatch(train: String, trainShape: ImageShape, test: String, testShape: ImageShape)
    case labelOutOfRange(file: String, sample: Int, label: Int, classes: Int)
    /// The bytes are not what the file's format asks for; `reason` says where and how, e.g. `line 3 has 4 columns`.
    case malformed(file: String, reason: String)
    /// No folder for decompressed files can be written.
    case cache(folder: String, reason: String)

    public var description: String {
        switch self {
        case .missing(let file, let remedy): "\(file) is missing: \(remedy)"
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .changed(let file): "\(file) was changed while it was read; start again when it is complete"
        case .wrongMagic(let file, let expected, let actual):
            "\(file) is not the IDX file it should be: magic number \(hex(actual)) instead of \(hex(expected))"
        case .truncated(let file, let expected, let actual):
            "\(file) is truncated: \(actual) bytes instead of \(expected)"
        case .trailingBytes(let file, let expected):
            "\(file) has bytes after its end: its header promises \(expected) bytes"
        case .badGzip(let file, let reason): "cannot decompress \(file): \(reason)"
        case .badDimensions(let file, let dimensions):
            "\(file) has unusable dimensions \(dimensions.map { String($0) }.joined(separator: "×"))"
        case .countMismatch(let images, let imageCount, let labels, let labelCount):
            "\(images) holds \(imageCount) images but \(labels) holds \(labelCount) labels"
        case .shapeMismatch(let train, let trainShape, let test, let testShape):
            "\(train) holds images of \(trainShape) but \(test) of \(testShape)"
        case .labelOutOfRange(let file, let sample, let label, let classes):
            "\(file) gives sample \(sample) the label \(label), outside 0 ..< \(classes)"
        case .malformed(let file, let reason): "\(file): \(reason)"
        case .cache(let folder, let reason):
            "cannot keep decompressed files in \(folder): \(reason); set FEDMPI_CACHE to a writable folder"
        }
    }

    private func hex(_ magic: UInt32) -> String {
        let digits = String(magic, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
