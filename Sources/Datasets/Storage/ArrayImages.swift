import FedCore

/// A split whose samples are the rows of one mapped array and whose labels are those of another.
///
/// Text tables and NumPy's arrays end up here. Costs no memory of its own, except 4 bytes a sample where some
/// were held out or dropped.
struct ArrayImages: Dataset {
    /// Order of the numbers of an image in the file.
    enum Layout: String, Sendable, CaseIterable {
        /// Plane after plane, PyTorch's order.
        case chw
        /// Pixel after pixel, with a pixel's channels side by side, as image files have them.
        case hwc
    }

    /// Numbers of one type in a mapped file, the same number of them for each sample.
    struct Rows: Sendable {
        /// Path of the file as the user knows it, not of its copy in the cache.
        let path: String
        let bytes: MappedFile
        /// Byte in `bytes` at which the first row begins.
        let offset: Int
        let format: NumberFormat
        /// Number of rows.
        let count: Int
    }

    let name: String
    let shape: ImageShape
    let classes: Int
    let classNames: [String]
    /// Range of the file's numbers, before they are divided.
    let range: NumberRange
    /// Divisor of the file's numbers, > 0.
    let scale: Float
    let layout: Layout
    let images: Rows
    let labels: Rows
    /// What one natural client is, and the number of rows of each: rows lie client by client. Nil: there are none.
    private let clients: SampleOrigins?
    /// The rows that are this split's samples, ascending; nil: all.
    private(set) var chosen: [UInt32]?

    /// Largest number of classes. More would make a class table beyond any memory: a sign that the labels are
    /// not classes.
    static let mostClasses = 65_536

    /// Checks that images and labels belong together, that every label is a class, and that numbers stay finite
    /// when they are scaled.
    ///
    /// - Parameters:
    ///   - name: name of the data set.
    ///   - shape: shape of one image; its count is the length of a row.
    ///   - images: rows of `shape.count` numbers.
    ///   - labels: rows of one number.
    ///   - classes: number of classes; nil takes the largest label + 1.
    ///   - classNames: names of the classes from 0 on; those beyond are named after their labels.
    ///   - range: range of the images' numbers.
    ///   - scale: divisor of the images' numbers, > 0.
    ///   - layout: order of the numbers of an image.
    ///   - dropsUnlabelled: whether samples with a label below 0 or NaN are left out; they are refused
    ///     otherwise.
    ///   - clients: the natural client of each row; nil: there are none.
    /// - Throws: ``DatasetError`` that names the file and the first sample at fault.
    /// - Complexity: O(count).
    init(
        name: String, shape: ImageShape, images: Rows, labels: Rows, classes: Int?, classNames: [String] = [],
        range: NumberRange, scale: Float, layout: Layout, dropsUnlabelled: Bool, clients: SampleOrigins? = nil
    ) throws(DatasetError) {
        guard images.count == labels.count else {
            throw .countMismatch(
                images: images.path, imageCount: images.count, labels: labels.path, labelCount: labels.count)
        }
        guard images.count <= Int(UInt32.max) else {
            throw .malformed(file: images.path, reason: "holds more than 2^32 - 1 samples")
        }
        guard (range.extent / scale).isFinite else {
            throw .malformed(file: images.path, reason: "\(range.description) divided by \(scale) is infinite")
        }
        let checked = try labels.classes(most: classes ?? Self.mostClasses, dropsUnlabelled: dropsUnlabelled)
        if checked.unlabelled > 0 {
            chosen = (0..<UInt32(labels.count)).filter { labels.class(inRow: Int($0)).map { $0 >= 0 } ?? false }
        }
        self.name = name
        self.shape = shape
        self.images = images
        self.labels = labels
        let count = classes ?? checked.largest + 1
        self.classes = count
        self.classNames = classNames.prefix(count) + (min(classNames.count, count)..<count).map { "\($0)" }
        self.range = range
        self.scale = scale
        self.layout = layout
        self.clients = clients
    }

    /// The same rows, of which others are samples.
    ///
    /// - Parameter rows: the rows, ascending.
    func choosing(_ rows: [UInt32]) -> ArrayImages {
        var split = self
        split.chosen = rows
        return split
    }

    var origins: SampleOrigins? {
        guard let clients, let chosen else { return clients }
        var counts: [Int] = []
        var (end, place) = (0, 0)
        for rows in clients.counts {
            end += rows
            let first = place
            while place < chosen.count, chosen[place] < end { place += 1 }
            counts.append(place - first)
        }
        return SampleOrigins(kind: clients.kind, counts: counts)
    }

    var count: Int { chosen?.count ?? images.count }
    var sourceRows: Int { images.count }
    func sourceRow(_ sample: Int) -> Int { row(of: sample) }

    /// Row of the file that a sample is.
    private func row(of sample: Int) -> Int {
        precondition(sample >= 0 && sample < count, "sample \(sample) is outside 0 ..< \(count)")
        return if let chosen { Int(chosen[sample]) } else { sample }
    }

    func label(_ sample: Int) -> Int { label(inRow: row(of: sample)) }

    // Every row was checked to hold a class.
    private func label(inRow row: Int) -> Int {
        labels.bytes.integer(labels.format, at: labels.offset + row * labels.format.size) ?? 0
    }

    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
        let size = shape.count
        precondition(images.count >= samples.count * size, "images need room for [\(samples.count), \(shape)]")
        precondition(labels.count >= samples.count, "labels need room for each sample")
        // Where the numbers of a sample lie one after the other, it is read as one plane.
        let planes = layout == .chw ? 1 : shape.channels
        let file = self.images
        for place in samples.indices {
            let row = row(of: Int(samples[place]))
            labels[place] = Int32(label(inRow: row))
            for plane in 0..<planes {
                file.bytes.readFloats(
                    file.format, at: file.offset + (row * size + plane) * file.format.size, count: size / planes,
                    stride: planes, dividedBy: scale, into: &images, at: place * size + plane * (size / planes))
            }
        }
    }
}
