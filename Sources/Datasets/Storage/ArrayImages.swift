import FedCore

/// A split whose samples are the rows of one mapped array and whose labels or targets are those of another.
///
/// Text tables, NumPy's arrays and decoded pictures end up here. Costs no memory of its own, except 4 bytes a sample
/// where some were held out or dropped.
struct ArrayImages: Dataset {
    /// Order of the numbers of an image in the file.
    enum Layout: Sendable {
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

    /// What belongs to each sample.
    enum Answers: Sendable {
        /// The number of a class; below 0 or NaN: none.
        case labels(Rows)
        /// As many numbers as the task has outputs; NaN: none.
        case targets(Rows, LearningTask)

        /// The rows, and how many numbers are in each.
        var rows: (Rows, width: Int) {
            switch self {
            case .labels(let rows): (rows, 1)
            case .targets(let rows, let task): (rows, task.outputs)
            }
        }
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
    let answers: Answers
    /// Names of the features where numbers of some samples are missing (NaN), empty without names; nil: none is.
    let gaps: [String]?
    /// The number that stands for a missing one, for each place of an image, divided by ``scale``; nil until it is known.
    private(set) var filling: [Float]?
    /// What one natural client is, and the number of rows of each: rows lie client by client. Nil: there are none.
    private let clients: SampleOrigins?
    /// Whether some samples have neither a label nor targets.
    private let hasUnlabelled: Bool
    /// The rows that are this split's samples, ascending; nil: all.
    private(set) var chosen: [UInt32]?

    /// Stands for the label of a sample that is to be predicted.
    static let unlabelled = Int(CSVLabels.unknown)

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
    ///   - answers: labels or targets.
    ///   - classes: number of classes; nil takes the largest label + 1. Targets have their own number.
    ///   - classNames: names of the classes or targets from 0 on; those beyond are named after their numbers.
    ///   - range: range of the images' numbers.
    ///   - scale: divisor of the images' numbers, > 0.
    ///   - layout: order of the numbers of an image.
    ///   - dropsUnlabelled: whether samples with a label below 0 or NaN, or a target that is NaN, are left out; they are
    ///     refused otherwise.
    ///   - keepsUnlabelled: whether samples with the label -2, or an infinite target, are kept as samples to predict.
    ///   - gaps: names of the features where numbers are missing (NaN); nil: none is.
    ///   - clients: the natural client of each row; nil: there are none.
    /// - Throws: ``DatasetError`` that names the file and the first sample at fault.
    /// - Complexity: O(count).
    init(
        name: String, shape: ImageShape, images: Rows, answers: Answers, classes: Int? = nil, classNames: [String] = [],
        range: NumberRange, scale: Float, layout: Layout, dropsUnlabelled: Bool, keepsUnlabelled: Bool = false,
        gaps: [String]? = nil, clients: SampleOrigins? = nil
    ) throws(DatasetError) {
        let (labels, width) = answers.rows
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
        let count: Int
        switch answers {
        case .labels:
            let checked = try labels.classes(
                most: classes ?? Self.mostClasses, dropsUnlabelled: dropsUnlabelled, keepsUnlabelled: keepsUnlabelled)
            if checked.unlabelled > 0 {
                chosen = (0..<UInt32(labels.count)).filter { row in
                    let label = labels.class(inRow: Int(row))
                    return label.map { $0 >= 0 || keepsUnlabelled && $0 == Self.unlabelled } ?? false
                }
            }
            count = classes ?? checked.largest + 1
        case .targets(_, let task):
            chosen = try labels.targeted(
                width, task, dropsUnlabelled: dropsUnlabelled, keepsUnlabelled: keepsUnlabelled)
            count = task.outputs
        }
        self.name = name
        self.shape = shape
        self.images = images
        self.answers = answers
        self.gaps = gaps
        self.classes = count
        self.classNames = classNames.prefix(count) + (min(classNames.count, count)..<count).map { "\($0)" }
        self.range = range
        self.scale = scale
        self.layout = layout
        self.clients = clients
        hasUnlabelled = keepsUnlabelled
    }

    /// The same rows, of which others are samples.
    ///
    /// - Parameter rows: the rows, ascending.
    func choosing(_ rows: [UInt32]) -> ArrayImages {
        var split = self
        split.chosen = rows
        return split
    }

    /// The same samples, in which each number that is missing is that of its place.
    ///
    /// - Parameter filling: a number for each place of an image, as it is read; nil: none is missing.
    func filled(with filling: [Float]?) -> ArrayImages {
        var split = self
        split.filling = filling
        return split
    }

    var task: LearningTask {
        switch answers {
        case .labels: .classes(classes)
        case .targets(_, let task): task
        }
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

    func isLabelled(_ sample: Int) -> Bool {
        guard hasUnlabelled else { return true }
        switch answers {
        case .labels(let rows): return rows.class(inRow: row(of: sample)) != Self.unlabelled
        case .targets(let rows, let task):
            let first = rows.offset + row(of: sample) * task.outputs * rows.format.size
            return rows.bytes.float(at: first).isFinite
        }
    }

    // Every row was checked to hold a class, or to be one without. Of several labels the first that is set stands for all.
    private func label(inRow row: Int) -> Int {
        switch answers {
        case .labels(let rows): max(0, rows.class(inRow: row) ?? 0)
        case .targets(let rows, .labels(let count)):
            (0..<count).first {
                rows.bytes.integer(rows.format, at: rows.offset + (row * count + $0) * rows.format.size) == 1
            }
                ?? 0
        case .targets: 0
        }
    }

    func readTargets(_ samples: Span<UInt32>, into targets: inout MutableSpan<Float>) {
        guard case .targets(let rows, let task) = answers else {
            preconditionFailure("\(name) has only labels of classes")
        }
        let width = task.outputs
        precondition(targets.count >= samples.count * width, "targets need room for [\(samples.count), \(width)]")
        for place in samples.indices {
            rows.bytes.readFloats(
                rows.format, at: rows.offset + row(of: Int(samples[place])) * width * rows.format.size, count: width,
                dividedBy: 1, into: &targets, at: place * width)
        }
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
            if let filling { Self.fill(&images, from: place * size, with: filling.span) }
        }
    }
    /// Replaces what is missing of one sample.
    private static func fill(_ images: inout MutableSpan<Float>, from first: Int, with filling: Span<Float>) {
        for place in filling.indices where images[first + place].isNaN { images[first + place] = filling[place] }
    }
}
