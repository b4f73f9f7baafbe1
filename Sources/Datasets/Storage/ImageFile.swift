/// Images to classify without a data set around them: an IDX file, plain or with `.gz`, with its labels in a
/// second file if there are any. `fedmpi predict` reads its input with it.
public struct ImageFile: Sendable {
    private let images: IDXFile
    /// Labels of the images; nil when the user has none.
    private let labels: IDXFile?

    /// Maps the files and checks their headers.
    ///
    /// - Parameters:
    ///   - path: path of the images, unsigned bytes `[count, height, width]`.
    ///   - labels: path of the labels, unsigned bytes `[count]`; nil: there are none.
    ///   - classes: number of classes of the model, which labels must be below; nil accepts any label.
    ///   - cacheFolder: folder for decompressed files; see ``DatasetOptions/cacheFolder``.
    /// - Throws: ``DatasetError`` when a file is missing or damaged, when there are not as many labels as
    ///   images, or with the first image whose label is not a class.
    /// - Complexity: O(labels), and the decompression the first time on a host.
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

    /// Opens a file, with an error that says so when there is none.
    private static func open(_ path: String, _ kind: IDXFile.Kind, _ cache: Cache) throws(DatasetError) -> IDXFile {
        guard FileSystem.exists(path) else { throw .missing(file: path, remedy: "there is no such file") }
        return try IDXFile(path: path, kind: kind, cache: cache)
    }

    /// Number of images, at least 1.
    public var count: Int { images.count }

    /// Shape of one image: one channel.
    public var shape: ImageShape {
        ImageShape(channels: 1, height: images.dimensions[1], width: images.dimensions[2])
    }

    /// Label of an image; nil without a file of labels. O(1).
    ///
    /// - Precondition: 0 ≤ image < count.
    public func label(_ image: Int) -> Int? {
        labels.map { Int($0.bytes[$0.dataOffset + image]) }
    }

    /// Writes neighbouring images as floats in [0, 1], one after the other: `[range.count, 1, height, width]`.
    ///
    /// - Parameters:
    ///   - range: numbers of the images, within 0 ..< count.
    ///   - floats: room for all of them, written from its beginning.
    /// - Complexity: O(range.count · shape.count), without allocation.
    public func read(_ range: Range<Int>, into floats: inout MutableSpan<Float>) {
        let size = shape.count
        images.bytes.readUnitFloats(
            at: images.dataOffset + range.lowerBound * size, count: range.count * size, into: &floats, at: 0)
    }
}
