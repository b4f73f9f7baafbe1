import FedCore
import Testing

@testable import Datasets

@Suite struct EMNISTTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ split: String, train: [UInt8], test: [UInt8]) throws {
        // Two images of two rows and three columns in the file.
        let pixels: [UInt8] = [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60]
        let prefix = "emnist-\(split)-"
        try folder.write(TinyIDX.images(pixels, 2, 2, 3), to: prefix + "train-images-idx3-ubyte")
        try folder.write(TinyIDX.labels(train), to: prefix + "train-labels-idx1-ubyte")
        try folder.write(TinyIDX.images(pixels, 2, 2, 3), to: prefix + "test-images-idx3-ubyte")
        try folder.write(TinyIDX.labels(test), to: prefix + "test-labels-idx1-ubyte")
    }

    private func open(_ split: String) throws -> DatasetPair {
        var options = DatasetOptions()
        options.named = ["split": split]
        return try Datasets.standard.open("emnist:" + folder.path, options: options)
    }

    @Test func imagesAreTurnedUprightAndLettersCountFromZero() throws {
        try write("letters", train: [1, 26], test: [2, 3])
        let pair = try open("letters")
        #expect(pair.train.shape == ImageShape(channels: 1, height: 3, width: 2))
        let (images, labels) = pair.train.read([0])
        #expect(images == [1, 4, 2, 5, 3, 6].map { Float($0) / 255 })
        #expect(labels == [0])
        #expect(pair.train.label(1) == 25 && pair.test.labels() == [1, 2])
        #expect(pair.train.classNames.first == "A" && pair.train.classNames.last == "Z")
    }

    // The numbers of classes and their order are those of the paper's table 2 and the archive's mapping files.
    @Test(arguments: [
        ("byclass", 62, "0", "z"), ("bymerge", 47, "0", "t"), ("balanced", 47, "0", "t"), ("digits", 10, "0", "9"),
        ("mnist", 10, "0", "9"),
    ])
    func aSplitHasItsClasses(split: String, classes: Int, first: String, last: String) throws {
        try write(split, train: [0, UInt8(classes - 1)], test: [1, 2])
        let train = try open(split).train
        #expect(train.classes == classes && train.classNames.count == classes)
        #expect(train.classNames.first == first && train.classNames.last == last)
        #expect(train.labels() == [0, Int32(classes - 1)])
    }

    @Test func aMissingSplitSaysWhichOptionChoosesAnother() throws {
        let error = #expect(throws: DatasetError.self) { try open("digits") }
        #expect("\(error, default: "")".hasSuffix("split digits; option split chooses another"))
        #expect(throws: ConfigurationError.self) { try open("capitals") }
    }

    @Test func aLabelBelowTheFirstIsRefused() throws {
        try write("letters", train: [1, 0], test: [2, 3])
        let error = #expect(throws: DatasetError.self) { try open("letters") }
        #expect("\(error, default: "")".hasSuffix("sample 1 has the label 0, below the first label 1"))
    }
}

@Suite struct FirstLabelTests {
    @Test func labelsFromOneSayWhatToAdd() throws {
        let folder = try TemporaryFolder()
        let labels = [TinyIDX.names[1]: TinyIDX.labels([1, 3, 2]), TinyIDX.names[3]: TinyIDX.labels([3, 1])]
        let pair = try TinyIDX.open(in: folder, replacing: labels)
        #expect(pair.notes.contains { $0.isWarning && $0.text.hasSuffix("add first-label=1") })
        var options = DatasetOptions()
        options.named = ["first-label": "1"]
        let counted = try Datasets.standard.open("idx:" + folder.path, options: options)
        #expect(counted.train.labels() == [0, 2, 1] && counted.test.labels() == [2, 0])
        #expect(counted.train.classes == 3 && counted.train.classNames == ["1", "2", "3"] && counted.notes.isEmpty)
    }
}
