/// A split whose images and labels are two mapped IDX files. Costs no memory of its own: the pages belong to
/// the operating system and are shared by all ranks of a host.
struct IDXImages: Dataset {
    let name: String
    let shape: ImageShape
    let classes: Int
    let classNames: [String]
    private let images: IDXFile
    private let labels: IDXFile
    /// The byte that stands for class 0: 1 where labels are counted from 1.
    private let firstLabel: Int
    /// Whether the files hold each image column after column.
    private let isTransposed: Bool

    var count: Int { images.count }
    /// The file of the images.
    var path: String { images.path }

    /// Checks that the files belong together and that every label is a class.
    ///
    /// - Parameters:
    ///   - name: name of the data set.
    ///   - images: images `[count, height, width]`.
    ///   - labels: labels `[count]`.
    ///   - classes: number of classes.
    ///   - classNames: `classes` texts; nil: the labels themselves.
    ///   - firstLabel: the byte that stands for class 0.
    ///   - isTransposed: whether the files hold each image column after column.
    /// - Throws: ``DatasetError`` when there are not as many labels as images, or with the first label that is
    ///   not a class.
    /// - Complexity: O(count).
    init(
        name: String, images: IDXFile, labels: IDXFile, classes: Int, classNames: [String]? = nil, firstLabel: Int = 0,
        isTransposed: Bool = false
    ) throws(DatasetError) {
        guard images.count == labels.count else {
            throw .countMismatch(
                images: images.path, imageCount: images.count, labels: labels.path, labelCount: labels.count)
        }
        if firstLabel > 0 || labels.largestByte >= classes {
            for sample in 0..<labels.count {
                let label = Int(labels.bytes[labels.dataOffset + sample])
                guard label >= firstLabel else {
                    throw .malformed(
                        file: labels.path,
                        reason: "sample \(sample) has the label \(label), below the first label \(firstLabel)")
                }
                guard label - firstLabel < classes else {
                    throw .labelOutOfRange(
                        file: labels.path, sample: sample, label: label - firstLabel, classes: classes)
                }
            }
        }
        self.name = name
        self.images = images
        self.labels = labels
        self.classes = classes
        self.classNames = classNames ?? (0..<classes).map { "\($0 + firstLabel)" }
        self.firstLabel = firstLabel
        self.isTransposed = isTransposed
        let (rows, columns) = (images.dimensions[1], images.dimensions[2])
        shape = ImageShape(channels: 1, height: isTransposed ? columns : rows, width: isTransposed ? rows : columns)
    }

    func label(_ sample: Int) -> Int {
        precondition(sample >= 0 && sample < count, "sample \(sample) is outside 0 ..< \(count)")
        return Int(labels.bytes[labels.dataOffset + sample]) - firstLabel
    }

    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
        let size = shape.count
        precondition(images.count >= samples.count * size, "images need room for [\(samples.count), \(shape)]")
        precondition(labels.count >= samples.count, "labels need room for each sample")
        for row in samples.indices {
            let sample = Int(samples[row])
            labels[row] = Int32(label(sample))
            let offset = self.images.dataOffset + sample * size
            if isTransposed {
                self.images.bytes.readTransposedUnitFloats(
                    at: offset, rows: shape.height, columns: shape.width, into: &images, at: row * size)
            } else {
                self.images.bytes.readUnitFloats(at: offset, count: size, into: &images, at: row * size)
            }
        }
    }
}
