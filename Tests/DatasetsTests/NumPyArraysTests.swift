import FedCore
import Testing

@testable import Datasets

/// Against files that NumPy wrote (`scripts/make-dataset-fixtures`): sample i has the pixels 10 i, 10 i + 1, ….
@Suite struct NumPyArraysTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func open(_ path: String, _ named: NamedOptions = [:], seed: UInt64 = 0) throws -> DatasetPair {
        var options = DatasetOptions()
        options.cacheFolder = folder.path + "/cache"
        options.named = named
        options.seed = seed
        return try Datasets.standard.open("numpy:" + path, options: options)
    }

    private func pixels(_ sample: Int, _ count: Int) -> [Float] { (0..<count).map { Float(10 * sample + $0) } }

    @Test(arguments: ["stored.npz", "deflated.npz"]) func anArchiveIsRead(name: String) throws {
        let pair = try open(Fixture.path(name))
        #expect(pair.train.count == 5 && pair.test.count == 2)
        #expect(pair.train.shape == ImageShape(channels: 1, height: 2, width: 3))
        #expect(pair.train.classes == 3 && pair.test.classes == 3)
        #expect(pair.train.labels() == [1, 0, 2, 1, 0])
        #expect(pair.test.labels() == [2, 0])
        let (images, labels) = pair.train.read([4, 0, 4])
        #expect(images == (pixels(4, 6) + pixels(0, 6) + pixels(4, 6)).map { $0 / 255 })
        #expect(labels == [0, 1, 0])
        #expect(pair.test.read([1]).images == pixels(1, 6).map { $0 / 255 })
    }

    @Test func onlyCompressedArraysNeedTheCache() throws {
        _ = try open(Fixture.path("stored.npz"))
        #expect(try folder.names().isEmpty)
        _ = try open(Fixture.path("deflated.npz"))
        let copies = try folder.names(in: "cache").filter { !$0.hasSuffix(".lock") }
        #expect(copies.count == 4)
        #expect(try open(Fixture.path("deflated.npz")).train.labels() == [1, 0, 2, 1, 0])
    }

    /// As MedMNIST has them: channels last, labels `[count, 1]`.
    @Test func otherNamesAndChannelsLastAreRead() throws {
        let names: NamedOptions = [
            "train-images": "train_images", "train-labels": "train_labels", "test-images": "test_images",
            "test-labels": "test_labels", "layout": "hwc",
        ]
        let pair = try open(Fixture.path("medmnist.npz"), names)
        #expect(pair.train.shape == ImageShape(channels: 3, height: 2, width: 2))
        // Pixel p's channel c is number 3 p + c of the sample.
        let expected: [Float] = (0..<3).flatMap { (channel: Int) -> [Float] in
            (0..<4).map { (pixel: Int) -> Float in Float(20 + 3 * pixel + channel) / 255 }
        }
        #expect(pair.train.read([2]).images == expected)
        let same = try open(Fixture.path("medmnist.npz"), NamedOptions(names.values.merging(["layout": "nhwc"]) { $1 }))
        #expect(same.train.read([2]).images == expected)
        let misread = try open(Fixture.path("medmnist.npz"), NamedOptions(names.values.filter { $0.key != "layout" }))
        #expect(misread.train.shape == ImageShape(channels: 2, height: 2, width: 3))
    }

    private static let kinds = ["b1", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]

    @Test(arguments: kinds) func everyTypeIsRead(kind: String) throws {
        try folder.write(Fixture.bytes("\(kind).npy"), to: "data/x_train.npy")
        try folder.write(Fixture.bytes("\(kind).npy"), to: "data/x_test.npy")
        try folder.write(Array("label\n0\n1\n0\n".utf8), to: "data/ignored.csv")
        for name in ["y_train", "y_test"] { try folder.write(npy("|u1", [3], [1, 0, 1]), to: "data/\(name).npy") }
        let pair = try open(folder.path + "/data")
        #expect(pair.train.shape == ImageShape(channels: 1, height: 2, width: 2))
        for sample in 0..<3 {
            var expected = pixels(sample, 4)
            if kind == "b1" { expected = expected.map { Int($0) % 2 == 0 ? 1 : 0 } }
            if kind == "u1" { expected = expected.map { $0 / 255 } }
            #expect(pair.train.read([UInt32(sample)]).images == expected)
        }
    }

    @Test(arguments: ["version2", "version3"]) func laterVersionsAreRead(name: String) throws {
        let array = try NPYArray(path: Fixture.path("\(name).npy"))
        #expect(array.shape == [3, 2, 2] && array.format == .uint8)
        #expect((0..<12).map { array.integer($0) } == [0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23])
    }

    @Test func rowsHaveTheShapeAskedFor() throws {
        let path = Fixture.path("no-test.npz")
        #expect(try open(path).train.shape == ImageShape(channels: 1, height: 1, width: 4))
        #expect(try open(path, ["shape": "1x2x2"]).train.shape == ImageShape(channels: 1, height: 2, width: 2))
        let error = DatasetError.malformed(
            file: path + "[x_train]", reason: "holds 4 numbers a sample, and 1×2×3 are 6")
        #expect(throws: error) { try open(path, ["shape": "1x2x3"]) }
        #expect(throws: ConfigurationError("data set 'numpy': shape is '2x2'; it must be CxHxW, e.g. 3x32x32")) {
            try open(path, ["shape": "2x2"])
        }
    }

    @Test func numbersAreScaledAsAskedFor() throws {
        let pair = try open(Fixture.path("stored.npz"), ["scale": "10"])
        #expect(pair.train.read([1]).images == [1, 1.1, 1.2, 1.3, 1.4, 1.5])
    }

    @Test func withoutTestArraysAShareIsHeldOut() throws {
        let pair = try open(Fixture.path("no-test.npz"), ["test-share": "0.3"], seed: 7)
        #expect(pair.train.count == 7 && pair.test.count == 3)
        func firsts(_ split: any Dataset) -> [Float] {
            let images = split.read((0..<UInt32(split.count)).map { $0 }).images
            return stride(from: 0, to: images.count, by: 4).map { images[$0] }
        }
        #expect((firsts(pair.train) + firsts(pair.test)).sorted() == (0..<10).map { Float(10 * $0) })
        // Sample i's label is i % 3.
        #expect(pair.test.labels() == firsts(pair.test).map { Int32($0) / 10 % 3 })
        #expect(pair.train.label(2) == Int(firsts(pair.train)[2]) / 10 % 3)
        let again = try open(Fixture.path("no-test.npz"), ["test-share": "0.3"], seed: 7)
        #expect(firsts(again.test) == firsts(pair.test))
        let others = try (0..<5).map { try firsts(open(Fixture.path("no-test.npz"), seed: UInt64($0)).test) }
        #expect(Set(others).count > 1 && others.allSatisfy { $0.count == 1 })
    }

    @Test func classesMayBeMoreThanThereAre() throws {
        #expect(try open(Fixture.path("stored.npz"), ["classes": "10"]).test.classes == 10)
        let error = #expect(throws: DatasetError.self) { try open(Fixture.path("stored.npz"), ["classes": "2"]) }
        #expect("\(error, default: "")".hasSuffix("[y_train] gives sample 2 the label 2, outside 0 ..< 2"))
    }

    @Test func anUnknownOptionListsThoseThereAre() {
        let error = ConfigurationError(
            "data set 'numpy' has no option 'x'; choose one of: train-images, train-labels, test-images, test-labels, "
                + "task, missing, shape, layout, scale, classes, test-share, seed")
        #expect(throws: error) { try open("/nowhere", ["x": "1"]) }
        #expect(throws: ConfigurationError("'numpy' needs a file or folder: 'numpy:FILE.npz|FOLDER'")) { try open("") }
    }
}

/// An array in NumPy's format, version 1.0.
func npy(_ type: String, _ shape: [Int], _ data: [UInt8], order: String = "False") -> [UInt8] {
    let sides = shape.map { "\($0), " }.joined()
    let header = "{'descr': '\(type)', 'fortran_order': \(order), 'shape': (\(sides)), }\n"
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count & 255), UInt8(header.utf8.count >> 8)]
        + Array(header.utf8) + data
}
