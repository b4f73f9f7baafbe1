/// A file of images without a data set around it: IDX, plain or with `.gz`, its labels in a second file if there are any.
public struct ImageFile: Sendable {
    private let images: IDXFile
    private let labels: IDXFile?

    /// Maps the files and checks their headers.
    ///
    /// - Parameters:
    ///   - path: of the images, of unsigned bytes, `[count, height, width]`.
    ///   - labels: of as many labels, of unsigned bytes.
    ///   - classes: that the labels are of; nil: of any.
    /// - Throws: `DatasetError` that names the first sample whose label is no class.
    ///   - cacheFolder: for decompressed files; see `DatasetOptions`.
    public init(
        _ path: String, labels: String? = nil, classes: Int? = nil, cacheFolder: String? = nil
    ) throws(DatasetError) {
        let cache = Cache(folder: cacheFolder)
        images = try Self.open(path, .images, cache)
        guard let labels else {
            self.labels = nil
            return
        }
        let file = try Self.open(labels, .labels, cache)
        guard file.count == images.count else {
            throw .countMismatch(images: path, imageCount: images.count, labels: labels, labelCount: file.count)
        }
        if let classes, file.largestByte >= classes {
            for image in 0..<file.count {
                let label = Int(file.bytes[file.dataOffset + image])
                guard label < classes else {
                    throw .labelOutOfRange(file: labels, sample: image, label: label, classes: classes)
                }
            }
        }
        self.labels = file
    }

    private static func open(_ path: String, _ kind: IDXFile.Kind, _ cache: Cache) throws(DatasetError) -> IDXFile {
        guard FileSystem.exists(path) else { throw .missing(file: path, remedy: "there is no such file") }
        return try IDXFile(path: path, kind: kind, cache: cache)
    }

    public var count: Int { images.count }

    /// Shape of one image.
    public var shape: ImageShape {
        ImageShape(channels: 1, height: images.dimensions[1], width: images.dimensions[2])
    }

    /// The label of an image; nil without a file of labels.
    /// - Precondition: 0 ≤ image < count.
    public func label(_ image: Int) -> Int? {
        labels.map { Int($0.bytes[$0.dataOffset + image]) }
    }

    /// Writes neighbouring images as floats in [0, 1], one after the other.
    /// - Parameter range: within 0 ..< count.
    public func read(_ range: Range<Int>, into floats: inout MutableSpan<Float>) {
        let size = shape.count
        images.bytes.readUnitFloats(
            at: images.dataOffset + range.lowerBound * size, count: range.count * size, into: &floats, at: 0)
    }
}
