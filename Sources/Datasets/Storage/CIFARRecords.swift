/// A split of CIFAR: mapped files of records, each one or two labels of a byte and then 3×32×32 bytes, plane
/// after plane. Costs no memory of its own.
struct CIFARRecords: Dataset {
    let name: String
    let classes: Int
    let classNames: [String]
    let shape = ImageShape(channels: 3, height: 32, width: 32)
    private let files: [MappedFile]
    /// Number of the first sample of each file, and behind them the number of all samples.
    private let starts: [Int]
    /// Number of labels at the beginning of a record.
    private let labelBytes: Int
    /// Which of a record's labels is the class, from 0.
    private let label: Int

    /// Maps the files and checks their lengths and labels.
    ///
    /// - Parameters:
    ///   - name: name of the data set.
    ///   - paths: the files, in the order in which their samples are numbered.
    ///   - classes: number of classes.
    ///   - classNames: `classes` texts.
    ///   - labelBytes: number of labels of a record.
    ///   - label: which of them is the class, from 0.
    /// - Throws: ``DatasetError`` when a length is not a whole number of records, or a label is not a class.
    /// - Complexity: O(count).
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

    /// The file and the byte in it at which a sample's record begins. O(files), which are five at most.
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
    ///
    /// - Parameters:
    ///   - folder: the folder `inner`, or the one that holds it.
    ///   - inner: name of the folder that the authors' archive makes.
    ///   - name: name of the data set.
    ///   - classes: number of classes.
    ///   - names: the file that names the classes, and the names without it; nil: the labels themselves.
    ///   - labelBytes: number of labels of a record.
    ///   - label: which of them is the class.
    ///   - train: names of the files of the training split.
    ///   - test: name of the file of the test split.
    /// - Throws: ``DatasetError``; when a file is missing, the message says where to get it.
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
