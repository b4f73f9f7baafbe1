import FedCore
import Testing

@testable import Datasets

/// Records of the authors' format: https://www.cs.toronto.edu/~kriz/cifar.html, "Binary version".
@Suite struct CIFARTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Labels, then a red, a green and a blue plane of 32 rows: pixel p of plane c is label + 7 p + 50 c, as a byte.
    private func record(_ labels: [UInt8]) -> [UInt8] {
        let seed = Int(labels.last ?? 0)
        return labels
            + (0..<3).flatMap { plane in (0..<1024).map { UInt8(truncatingIfNeeded: seed + 7 * $0 + 50 * plane) } }
    }

    private func pixels(_ label: Int) -> [Float] {
        (0..<3).flatMap { plane in (0..<1024).map { Float((label + 7 * $0 + 50 * plane) % 256) / 255 } }
    }

    /// Batches of two, one, one, one and three samples.
    private func writeCIFAR10(to inner: String = "") throws {
        for (batch, labels) in [[3, 1], [4], [1], [5], [9, 2, 6]].enumerated() {
            try folder.write(labels.flatMap { record([UInt8($0)]) }, to: "\(inner)data_batch_\(batch + 1).bin")
        }
        try folder.write(record([7]) + record([0]), to: "\(inner)test_batch.bin")
    }

    private func message(_ choice: String) -> String {
        let error = #expect(throws: DatasetError.self) { try Datasets.standard.open("\(choice):\(folder.path)") }
        return "\(error, default: "")".replacing(folder.path + "/", with: "")
    }

    @Test(arguments: ["", "cifar-10-batches-bin/"]) func theBatchesAreOneSplit(inner: String) throws {
        try writeCIFAR10(to: inner)
        let pair = try Datasets.standard.open("cifar-10:" + folder.path)
        #expect(pair.train.count == 8 && pair.test.count == 2)
        #expect(pair.train.shape == ImageShape(channels: 3, height: 32, width: 32) && pair.train.classes == 10)
        #expect(pair.train.labels() == [3, 1, 4, 1, 5, 9, 2, 6])
        #expect(pair.test.labels() == [7, 0])
        let (images, labels) = pair.train.read([7, 0, 2, 5])
        #expect(labels == [6, 3, 4, 9])
        #expect(images == [6, 3, 4, 9].flatMap { pixels($0) })
        #expect(pair.test.read([1]).images == pixels(0))
    }

    @Test func theAuthorsFileNamesTheClasses() throws {
        try writeCIFAR10()
        #expect(
            try Datasets.standard.open("cifar-10:" + folder.path).train.classNames == [
                "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
            ])
        // As of another data set in the same form.
        let names = (0..<10).map { "kind \($0)" }
        try folder.write(Array((names.joined(separator: "\n") + "\n\n").utf8), to: "batches.meta.txt")
        let pair = try Datasets.standard.open("cifar-10:" + folder.path)
        #expect(pair.train.classNames == names && pair.test.classNames == names)
        try folder.write(Array("a\nb\n".utf8), to: "batches.meta.txt")
        #expect(message("cifar-10") == "batches.meta.txt: names 2 classes, and there are 10")
        try folder.write(
            Array((names[..<9] + ["x\u{202E}y"]).joined(separator: "\n").utf8), to: "batches.meta.txt")
        #expect(
            message("cifar-10") == "batches.meta.txt: the name of class 9 holds U+202E, which is not shown")
        try folder.write([0xFF, 0xFE, 0x41, 0], to: "batches.meta.txt")
        #expect(message("cifar-10") == "batches.meta.txt: is not UTF-8")
    }

    @Test(arguments: [("fine", 100), ("coarse", 20)])
    func bothKindsOfLabelsHaveNames(labels: String, classes: Int) throws {
        try folder.write(record([3, 42]), to: "train.bin")
        try folder.write(record([1, 2]), to: "test.bin")
        var options = DatasetOptions()
        options.named = ["labels": labels]
        let numbers = (0..<classes).map { "\($0)" }
        #expect(try Datasets.standard.open("cifar-100:" + folder.path, options: options).test.classNames == numbers)
        let names = numbers.map { "\(labels)_\($0)" }
        try folder.write(Array(names.joined(separator: "\r\n").utf8), to: "\(labels)_label_names.txt")
        #expect(try Datasets.standard.open("cifar-100:" + folder.path, options: options).test.classNames == names)
    }

    @Test(arguments: [("fine", 100, [42, 99, 0]), ("coarse", 20, [3, 19, 0])])
    func theHundredClassesHaveTwoLabels(labels: String, classes: Int, expected: [Int32]) throws {
        try folder.write(record([3, 42]) + record([19, 99]) + record([0, 0]), to: "cifar-100-binary/train.bin")
        try folder.write(record([1, 2]), to: "cifar-100-binary/test.bin")
        var options = DatasetOptions()
        options.named = ["labels": labels]
        let pair = try Datasets.standard.open("cifar-100:" + folder.path, options: options)
        #expect(pair.train.classes == classes && pair.train.labels() == expected)
        #expect(pair.train.read([1]).images == pixels(99))
        #expect(pair.test.labels() == [labels == "fine" ? 2 : 1])
    }

    @Test func filesThatAreNoRecordsAreRefused() throws {
        try writeCIFAR10()
        let whole = try folder.read("data_batch_5.bin")
        for (bytes, expected) in [
            ([], "data_batch_5.bin: 0 bytes are no whole number of records of 3073"),
            (whole.dropLast(), "data_batch_5.bin: 9218 bytes are no whole number of records of 3073"),
            (whole + [0], "data_batch_5.bin: 9220 bytes are no whole number of records of 3073"),
            (whole[..<3073] + [10] + whole[3074...], "data_batch_5.bin gives sample 1 the label 10, outside 0 ..< 10"),
        ] {
            try folder.write(Array(bytes), to: "data_batch_5.bin")
            #expect(message("cifar-10") == expected)
        }
    }

    @Test(arguments: ["data_batch_1.bin", "data_batch_4.bin", "test_batch.bin"])
    func aMissingFileIsNamed(name: String) throws {
        try writeCIFAR10()
        try folder.remove(name)
        #expect(
            message("cifar-10")
                == "\(name) is missing: unpack the binary version of https://www.cs.toronto.edu/~kriz/cifar.html")
    }

    @Test func aFolderIsNeeded() {
        #expect(throws: ConfigurationError("'cifar-10' needs a folder: 'cifar-10:FOLDER'")) {
            try Datasets.standard.open("cifar-10")
        }
    }
}
