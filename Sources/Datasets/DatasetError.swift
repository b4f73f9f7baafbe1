public import FedCore

/// A file of a data set that cannot be read as what it was given for.
///
/// Each case prints as one line that names the file and, where there is one, the remedy; the command ends with
/// exit code 2. Files come from elsewhere and may hold anything, so every reader reports what is wrong instead
/// of trapping.
public enum DatasetError: UserError, Equatable {
    /// No file or folder of this name; `remedy` says how to get it.
    case missing(file: String, remedy: String)
    /// The operating system refused to open, read or map the file; `reason` is its own text.
    case unreadable(file: String, reason: String)
    /// Another process changed the file while it was being read, so what was read may mix two states of it.
    case changed(file: String)
    /// The first four bytes are not those of an IDX file of unsigned bytes with the expected number of
    /// dimensions.
    case wrongMagic(file: String, expected: UInt32, actual: UInt32)
    /// Fewer bytes than the header promises. Both lengths are in bytes, header included and after
    /// decompression.
    case truncated(file: String, expectedBytes: Int, actualBytes: Int)
    /// Bytes after the last one that the header promises, after decompression.
    case trailingBytes(file: String, expectedBytes: Int)
    /// Data that are not gzip, or are damaged or cut short; `reason` is zlib's text where it gives one.
    case badGzip(file: String, reason: String)
    /// A dimension in the header is 0, or the product of all does not fit an Int.
    case badDimensions(file: String, dimensions: [UInt32])
    /// Images and labels are not one to one.
    case countMismatch(images: String, imageCount: Int, labels: String, labelCount: Int)
    /// The two splits differ in the shape of their images.
    case shapeMismatch(train: String, trainShape: ImageShape, test: String, testShape: ImageShape)
    /// A label is not in 0 ..< classes; `sample` counts from 0 within the file.
    case labelOutOfRange(file: String, sample: Int, label: Int, classes: Int)
    /// The bytes violate the file's format in another way; `reason` says where and how, e.g. `line 3 has 4
    /// columns`.
    case malformed(file: String, reason: String)
    /// No folder of the cache can be written, so nothing can be decompressed or converted; see
    /// ``DatasetOptions/cacheFolder``.
    case cache(folder: String, reason: String)

    /// One line for the user, with the file and what to do about it.
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
            trainShape.isRow && testShape.isRow
                ? "\(train) holds rows of \(trainShape.width) features but \(test) of \(testShape.width)"
                : "\(train) holds images of \(trainShape) but \(test) of \(testShape)"
        case .labelOutOfRange(let file, let sample, let label, let classes):
            "\(file) gives sample \(sample) the label \(label), outside 0 ..< \(classes)"
        case .malformed(let file, let reason): "\(file): \(reason)"
        case .cache(let folder, let reason):
            "cannot keep decompressed files in \(folder): \(reason); set FEDMPI_CACHE to a writable folder"
        }
    }

    /// A magic number as eight hexadecimal digits, e.g. `0x00000803`.
    private func hex(_ magic: UInt32) -> String {
        let digits = String(magic, radix: 16)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
