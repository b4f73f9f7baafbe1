/// A split of CIFAR: mapped files of records, each some labels of a byte and then 3×32×32 bytes, plane after plane. Costs no
/// memory of its own.
struct CIFARRecords: Dataset {
    let name: String
    let classes: Int
    let classNames: [String]
    let shape = ImageShape(channels: 3, height: 32, width: 32)
    private let files: [MappedFile]
    /// The number of the first sample of each file, and the number of all.
    private let starts: [Int]
    private let labelBytes: Int
    private let label: Int

    /// Checks the files' lengths and that every label is a class. O(count).
    /// - Parameters:
    ///   - labelBytes: labels of a record.
    ///   - label: which of them is the class.
    init(
        name: String, paths: [String], classes: Int, classNames: [String], labelBytes: Int, label: Int
    ) throws(DatasetError) {
        let recordBytes = labelBytes + shape.count
        var files: [MappedFile] = []
        var starts = [0]
        for path in paths {
            let file = try MappedFile(path: path)
            let count = file.count / recordBytes
            guard count > 0, file.count % recordBytes == 0 else {
                throw .malformed(
                    file: path, reason: "\(file.count) bytes are no whole number of records of \(recordBytes)")
            }
            for sample in 0..<count {
                let value = Int(file[sample * recordBytes + label])
                guard value < classes else {
                    throw .labelOutOfRange(file: path, sample: sample, label: value, classes: classes)
                }
            }
            files.append(file)
            starts.append((starts.last ?? 0) + count)
        }
        self.name = name
        self.files = files
        self.starts = starts
        self.classes = classes
        self.classNames = classNames
        self.labelBytes = labelBytes
        self.label = label
    }

    var count: Int { starts.last ?? 0 }

    /// The file and the place in it where a sample's record begins.
    private func place(of sample: Int) -> (file: MappedFile, offset: Int) {
        precondition(sample >= 0 && sample < count, "sample \(sample) is outside 0 ..< \(count)")
        var file = 0
        while sample >= starts[file + 1] { file += 1 }
        return (files[file], (sample - starts[file]) * (labelBytes + shape.count))
    }

    func label(_ sample: Int) -> Int {
        let (file, offset) = place(of: sample)
        return Int(file[offset + label])
    }

    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
        let size = shape.count
        precondition(images.count >= samples.count * size, "images need room for [\(samples.count), \(shape)]")
        precondition(labels.count >= samples.count, "labels need room for each sample")
        for row in samples.indices {
            let (file, offset) = place(of: Int(samples[row]))
            labels[row] = Int32(file[offset + label])
            file.readUnitFloats(at: offset + labelBytes, count: size, into: &images, at: row * size)
        }
    }

    /// Opens both splits.
    /// - Parameters:
    ///   - inner: the folder that the authors' archive makes; `folder` may be it, or what holds it.
    ///   - names: the file that names the classes, and what they are called without it; nil: the labels themselves.
    static func open(
        in folder: String, inner: String, name: String, classes: Int, names: (file: String, otherwise: [String]?),
        labelBytes: Int, label: Int, train: [String], test: String
    ) throws(DatasetError) -> DatasetPair {
        let unpacked = "\(folder)/\(inner)"
        let base = FileSystem.isFolder(unpacked) ? unpacked : folder
        let namesPath = "\(base)/\(names.file)"
        let classNames =
            FileSystem.exists(namesPath)
            ? try ClassNames.lines(of: namesPath, count: classes)
            : names.otherwise ?? (0..<classes).map { "\($0)" }
        func split(_ names: [String]) throws(DatasetError) -> CIFARRecords {
            let paths = names.map { "\(base)/\($0)" }
            for path in paths where !FileSystem.exists(path) {
                throw .missing(
                    file: path, remedy: "unpack the binary version of https://www.cs.toronto.edu/~kriz/cifar.html")
            }
            return try CIFARRecords(
                name: name, paths: paths, classes: classes, classNames: classNames, labelBytes: labelBytes,
                label: label)
        }
        return try DatasetPair(train: split(train), test: split([test]))
    }
}
