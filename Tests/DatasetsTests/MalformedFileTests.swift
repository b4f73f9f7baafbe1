import Testing

@testable import Datasets

/// Every kind of damage, plain and compressed: one line that names the file, nothing in the cache.
@Suite struct MalformedFileTests {
    struct Damage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let file: String
        let bytes: [UInt8]
        /// What follows the file's path.
        let message: String
    }

    static let good = TinyIDX.files
    static let images = TinyIDX.names[0]
    static let labels = TinyIDX.names[1]
    static let testImages = TinyIDX.names[2]
    static let testLabels = TinyIDX.names[3]

    static let damages = [
        Damage(testDescription: "empty", file: images, bytes: [], message: " is truncated: 0 bytes instead of 16"),
        Damage(
            testDescription: "half a magic number", file: labels, bytes: [0, 0],
            message: " is truncated: 2 bytes instead of 8"),
        Damage(
            testDescription: "half a header", file: images, bytes: [0, 0, 8, 3, 0, 0, 0, 1, 0],
            message: " is truncated: 9 bytes instead of 16"),
        Damage(
            testDescription: "images cut short", file: images, bytes: good[images]?.dropLast() ?? [],
            message: " is truncated: 27 bytes instead of 28"),
        Damage(
            testDescription: "labels cut short", file: testLabels, bytes: good[testLabels]?.dropLast() ?? [],
            message: " is truncated: 9 bytes instead of 10"),
        Damage(
            testDescription: "trailing byte", file: images, bytes: (good[images] ?? []) + [0],
            message: " has bytes after its end: its header promises 28 bytes"),
        Damage(
            testDescription: "labels in the place of images", file: images, bytes: good[labels] ?? [],
            message: " is not the IDX file it should be: magic number 0x00000801 instead of 0x00000803"),
        Damage(
            testDescription: "floats in the place of bytes", file: images,
            bytes: [0, 0, 13, 3] + [UInt8](repeating: 0, count: 12),
            message: " is not the IDX file it should be: magic number 0x00000d03 instead of 0x00000803"),
        Damage(
            testDescription: "text", file: labels, bytes: Array("<html>not found</html>".utf8),
            message: " is not the IDX file it should be: magic number 0x3c68746d instead of 0x00000801"),
        Damage(
            testDescription: "no samples", file: testImages, bytes: TinyIDX.images([], 0, 2, 2),
            message: " has unusable dimensions 0×2×2"),
        Damage(
            testDescription: "huge dimensions", file: images, bytes: TinyIDX.images([], .max, .max, .max),
            message: " has unusable dimensions 4294967295×4294967295×4294967295"),
    ]

    @Test(arguments: damages, [false, true])
    func isRefusedWithOneLineThatNamesTheFile(damage: Damage, gzipped: Bool) throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: DatasetError.self) {
            try TinyIDX.open(in: folder, replacing: [damage.file: damage.bytes], gzipped: gzipped)
        }
        let path = folder.path + "/" + damage.file + (gzipped ? ".gz" : "")
        #expect("\(error, default: "")" == path + damage.message)
        if gzipped {
            let kept = try folder.names(in: "cache").filter { $0.hasPrefix(damage.file) && !$0.hasSuffix(".lock") }
            #expect(kept.isEmpty)
        }
    }

    @Test func imagesAndLabelsMustBeOneToOne() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: DatasetError.self) {
            try TinyIDX.open(in: folder, replacing: [Self.labels: TinyIDX.labels([1, 0])])
        }
        #expect(
            error
                == .countMismatch(
                    images: folder.path + "/" + Self.images, imageCount: 3,
                    labels: folder.path + "/" + Self.labels, labelCount: 2))
    }

    @Test func bothSplitsMustHaveImagesOfOneSize() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: DatasetError.self) {
            try TinyIDX.open(in: folder, replacing: [Self.testImages: TinyIDX.images([1, 2, 3, 4, 5, 6], 2, 1, 3)])
        }
        #expect(
            "\(error, default: "")"
                == "\(folder.path)/\(Self.images) holds images of 1×2×2 but \(folder.path)/\(Self.testImages) of 1×1×3")
    }

    @Test func aTestLabelBeyondTheClassesIsFound() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: DatasetError.self) {
            try TinyIDX.open(in: folder, replacing: [Self.testLabels: TinyIDX.labels([2, 7])])
        }
        let path = folder.path + "/" + Self.testLabels
        #expect(error == .labelOutOfRange(file: path, sample: 1, label: 7, classes: 3))
        #expect("\(error, default: "")" == "\(path) gives sample 1 the label 7, outside 0 ..< 3")
    }

    @Test func aFashionMNISTLabelAboveNineIsFound() throws {
        let folder = try TemporaryFolder()
        _ = try TinyIDX.open(in: folder, replacing: [Self.labels: TinyIDX.labels([9, 10, 0])])
        let error = #expect(throws: DatasetError.self) {
            try FashionMNIST.open(folder: folder.path, options: DatasetOptions())
        }
        #expect(
            error
                == .labelOutOfRange(file: folder.path + "/" + Self.labels, sample: 1, label: 10, classes: 10))
    }

    @Test(arguments: TinyIDX.names) func aMissingFileIsNamed(name: String) throws {
        let folder = try TemporaryFolder()
        for (other, bytes) in Self.good where other != name { try folder.write(bytes, to: other) }
        let error = #expect(throws: DatasetError.self) { try Datasets.standard.open("idx:" + folder.path) }
        #expect("\(error, default: "")".hasPrefix("\(folder.path)/\(name)[.gz] is missing: "))
    }

    @Test func aFolderInThePlaceOfAFileIsNamed() throws {
        let folder = try TemporaryFolder()
        for (name, bytes) in Self.good where name != Self.images { try folder.write(bytes, to: name) }
        try folder.write([], to: Self.images + "/inside")
        let error = #expect(throws: DatasetError.self) { try Datasets.standard.open("idx:" + folder.path) }
        #expect(error == .unreadable(file: folder.path + "/" + Self.images, reason: "not a regular file"))
    }
}
