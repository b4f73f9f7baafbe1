import CZlib
import Datasets
import FedCore
import Foundation

/// A data set of a user's own, opened as a run opens it: one file is damaged, others that belong to it are not.
struct SourceTarget: FuzzTarget {
    let name: String
    let seeds: [[UInt8]]
    var fields: [Field] = []
    var dictionary: [String] = []

    private let choice: String
    private let options: DatasetOptions
    private let path: String
    private var originals: [Contents] = []

    /// What a run can see of a data set.
    private struct Contents: Equatable {
        var classes = 0
        var images: [[UInt32]] = []
        var labels: [[Int32]] = []
    }

    /// - Parameters:
    ///   - file: the damaged one, in the folder; the data set is named by it, or by the folder when `isFolder`.
    private init(
        _ scratch: ScratchFolder, _ name: String, source: String, file: String, isFolder: Bool = false,
        seeds: [[UInt8]], beside others: [String: [UInt8]] = [:], named: NamedOptions = [:]
    ) throws {
        let folder = try scratch.folder(name)
        self.name = name
        self.seeds = seeds
        path = "\(folder)/\(file)"
        choice = "\(source):\(isFolder ? folder : path)"
        var options = DatasetOptions()
        options.cacheFolder = try scratch.folder("\(name)-cache")
        options.named = named
        self.options = options
        for (other, bytes) in others { try ScratchFolder.write(bytes, to: "\(folder)/\(other)") }
        for seed in seeds {
            try ScratchFolder.write(seed, to: path)
            originals.append(try read())
        }
    }

    mutating func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        try ScratchFolder.write(input, to: path)
        do {
            return try read() == originals[seed] ? .equal : .different
        } catch let error as DatasetError {
            try Violation.require(!error.description.contains("\n"), "an error of more than one line: \(error)")
            return .refused
        }
    }

    /// Reads every sample, as training would.
    private func read() throws -> Contents {
        // A copy in the cache belongs to a time and a size, and the clock is coarser than this loop.
        let cache = options.cacheFolder ?? ""
        for copy in try FileManager.default.contentsOfDirectory(atPath: cache) { unlink("\(cache)/\(copy)") }
        let data = try Datasets.standard.open(choice, options: options)
        try Violation.require(data.train.shape == data.test.shape, "splits of two shapes")
        var contents = Contents(classes: data.train.classes)
        for split in [data.train, data.test] {
            try Violation.require(split.count >= 1 && split.shape.count >= 1, "an empty data set was accepted")
            try Violation.require(split.classes >= 1 && split.classes == contents.classes, "\(split.classes) classes")
            var images = [Float](repeating: 0, count: split.count * split.shape.count)
            var labels = [Int32](repeating: -1, count: split.count)
            var imageSpan = images.mutableSpan
            var labelSpan = labels.mutableSpan
            let samples = (0..<UInt32(split.count)).map { $0 }
            split.read(samples.span, into: &imageSpan, labels: &labelSpan)
            try Violation.require(
                labels.allSatisfy { (0..<Int32(split.classes)).contains($0) }, "a label outside the classes")
            contents.images.append(images.map { $0.bitPattern })
            contents.labels.append(labels)
        }
        return contents
    }

    static func csv(_ scratch: ScratchFolder) throws -> SourceTarget {
        let texts = [
            "0,1,2.5\n1,-3,4e1\n2,5,.6\n0,7,8\n", "bag,\"1\",2\r\n\"a \"\"shoe\"\"\",3,4\r\nbag,5,6\r\n",
            "\u{FEFF}3,1,2\n\n0,3,4",
        ]
        var target = try SourceTarget(
            scratch, "csv", source: "csv", file: "data.csv", seeds: texts.map { Array($0.utf8) })
        target.dictionary = [
            "\"", "\"\"", ",", "\n", "\r", "\r\n", "\n\n", "-1", "1e999", "1e-999", "nan", "inf", "0x1p3", "65535",
            "65536",
            "9007199254740993", "99999999999999999999", ".", "-", "\u{0}", "\u{FEFF}", "\u{301}",
        ]
        return target
    }

    static func npy(_ scratch: ScratchFolder) throws -> SourceTarget {
        let seeds = [
            array("|u1", "(3, 2, 2)", 12), array("<f4", "(3, 2)", 24), array("<i8", "(3,)", 24),
            array("<f8", "(3, 1, 2, 1)", 48),
        ]
        var target = try SourceTarget(
            scratch, "npy", source: "numpy", file: "x_train.npy", isFolder: true, seeds: seeds,
            beside: ["y_train.npy": array("|u1", "(3,)", 3)])
        target.fields = [Field(offset: 6, width: 2), Field(offset: 8, width: 2)]
        target.dictionary = [
            "'descr'", "'fortran_order'", "'shape'", "(", ")", ",", ":", "'", "<f4", "|b1", ">i4", "|O", "False",
            "True",
            "0", "-1", "9223372036854775807", "4611686018427387904", "99999999999999999999",
        ]
        return target
    }

    static func npz(_ scratch: ScratchFolder, compressed: Bool) throws -> SourceTarget {
        let archive = archive(
            [
                ("x_train.npy", array("|u1", "(3, 2, 2)", 12)), ("y_train.npy", array("|u1", "(3,)", 3)),
                ("x_test.npy", array("|u1", "(2, 2, 2)", 8)), ("y_test.npy", array("|u1", "(2,)", 2)),
            ], compressed: compressed)
        var target = try SourceTarget(
            scratch, compressed ? "npz-deflated" : "npz", source: "numpy", file: "data.npz", seeds: [archive.bytes])
        let (entry, end) = (archive.directory, archive.bytes.count - 22)
        target.fields =
            [8, 10, 28, 30, 32].map { Field(offset: entry + $0, width: 2) }
            + [16, 20, 24, 42].map { Field(offset: entry + $0, width: 4) }
            + [Field(offset: end + 10, width: 2), Field(offset: end + 16, width: 4), Field(offset: end + 20, width: 2)]
            + [Field(offset: 26, width: 2), Field(offset: 28, width: 2)]
        return target
    }

    static func cifar(_ scratch: ScratchFolder) throws -> SourceTarget {
        let record = [19, 99] + (0..<3072).map { UInt8(truncatingIfNeeded: $0) }
        return try SourceTarget(
            scratch, "cifar-100", source: "cifar-100", file: "train.bin", isFolder: true, seeds: [record + record],
            beside: ["test.bin": record])
    }

    private static func array(_ type: String, _ shape: String, _ bytes: Int) -> [UInt8] {
        let header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8)
            + (0..<bytes).map { UInt8($0 % 3) }
    }

    /// A ZIP archive, and where its directory begins.
    private static func archive(
        _ members: [(name: String, bytes: [UInt8])], compressed: Bool
    ) -> (bytes: [UInt8], directory: Int) {
        func number(_ value: Int, _ width: Int) -> [UInt8] {
            (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
        }
        var bytes: [UInt8] = []
        var directory: [UInt8] = []
        for (name, member) in members {
            let packed = compressed ? deflated(member) : member
            let checksum = crc32(0, member, UInt32(member.count))
            let common =
                number(0, 2) + number(compressed ? 8 : 0, 2) + number(0, 4) + number(Int(checksum), 4)
                + number(packed.count, 4) + number(member.count, 4) + number(name.utf8.count, 2) + number(0, 2)
            directory += number(0x0201_4b50, 4) + number(20, 2) + number(20, 2) + common
            directory += number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) + number(bytes.count, 4) + name.utf8
            bytes += number(0x0403_4b50, 4) + number(20, 2) + common + name.utf8 + packed
        }
        let end =
            number(0x0605_4b50, 4) + number(0, 4) + number(members.count, 2) + number(members.count, 2)
            + number(directory.count, 4) + number(bytes.count, 4) + number(0, 2)
        return (bytes + directory + end, bytes.count)
    }

    /// Without zlib's header and trailer, as archives have it.
    private static func deflated(_ bytes: [UInt8]) -> [UInt8] {
        var output = [UInt8](repeating: 0, count: Int(compressBound(UInt(bytes.count))))
        var length = UInt(output.count)
        compress2(&output, &length, bytes, UInt(bytes.count), 9)
        return Array(output[2..<Int(length) - 4])
    }
}
