import CZlib
import Datasets
import FedCore
import Foundation

/// Data sets in MNIST's format, opened through files as a run opens them: one of the four files is damaged.
final class IDXTarget: FuzzTarget {
    private static let files = [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ]

    let name: String
    /// The four files.
    let seeds: [[UInt8]]
    let fields: [Field]

    private let folder: String
    private let cache: String
    private let compressed: Bool
    private let original: Contents
    /// The decompressed copy of each file in the cache, if it has one.
    private let copies: [String?]

    /// Everything that a run can see of a data set.
    private struct Contents: Equatable {
        var classes = 0
        var shapes: [ImageShape] = []
        var images: [[Float]] = []
        var labels: [[Int32]] = []
    }

    init(_ scratch: ScratchFolder, compressed: Bool) throws {
        self.compressed = compressed
        name = compressed ? "idx-gzip" : "idx"
        folder = try scratch.folder(name)
        cache = try scratch.folder("\(name)-cache")
        // Magic number and dimensions; of a gzip file, its magic number, method and flags.
        fields = compressed ? [Field(offset: 0, width: 4)] : [0, 4, 8, 12].map { Field(offset: $0, width: 4) }

        let plain = [
            Self.header(3, [6, 3, 4]) + (0..<72).map { UInt8($0 * 3) }, Self.header(1, [6]) + [0, 1, 2, 3, 2, 1],
            Self.header(3, [4, 3, 4]) + (0..<48).map { UInt8($0 * 5) }, Self.header(1, [4]) + [3, 0, 1, 2],
        ]
        let folder = folder
        seeds = try plain.enumerated().map { number, bytes in
            try compressed ? Self.gzip(bytes, in: folder) : bytes
        }
        for (number, bytes) in seeds.enumerated() {
            try ScratchFolder.write(bytes, to: Self.path(folder, number, compressed))
        }
        original = try Self.read(try Self.open(folder, cache))
        let cache = cache
        let names = try FileManager.default.contentsOfDirectory(atPath: cache).filter { !$0.hasSuffix(".lock") }
        copies = Self.files.map { file in names.first { $0.hasPrefix(file) }.map { "\(cache)/\($0)" } }
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        let path = Self.path(folder, seed, compressed)
        try ScratchFolder.write(input, to: path)
        forgetCopy(of: seed)
        defer { forgetCopy(of: seed) }
        let contents: Contents?
        do {
            contents = try Self.read(try Self.open(folder, cache))
        } catch is DatasetError {
            contents = nil
        }
        try ScratchFolder.write(seeds[seed], to: path)
        guard let contents else { return .refused }
        if contents == original { return .equal }
        try Violation.require(!compressed, "a compressed file was accepted that says something else")
        let size = contents.shapes[seed / 2].count
        let expected = seed % 2 == 0 ? 16 + contents.labels[seed / 2].count * size : 8 + contents.labels[seed / 2].count
        try Violation.require(input.count == expected, "\(input.count) bytes were accepted in the place of \(expected)")
        return .different
    }

    /// A copy in the cache belongs to a time and a size, and the clock is coarser than this loop.
    private func forgetCopy(of seed: Int) {
        if let copy = copies[seed] { unlink(copy) }
    }

    private static func open(_ folder: String, _ cache: String) throws -> DatasetPair {
        var options = DatasetOptions()
        options.cacheFolder = cache
        return try Datasets.standard.open("idx:\(folder)", options: options)
    }

    /// Reads every sample, as training would.
    private static func read(_ data: DatasetPair) throws -> Contents {
        var contents = Contents(classes: data.train.classes)
        for split in [data.train, data.test] {
            try Violation.require(split.count >= 1 && split.shape.count >= 1, "an empty data set was accepted")
            try Violation.require(
                (1...256).contains(split.classes) && split.classes == contents.classes, "\(split.classes) classes")
            var images = [Float](repeating: .nan, count: split.count * split.shape.count)
            var labels = [Int32](repeating: -1, count: split.count)
            var imageSpan = images.mutableSpan
            var labelSpan = labels.mutableSpan
            let samples = (0..<UInt32(split.count)).map { $0 }
            split.read(samples.span, into: &imageSpan, labels: &labelSpan)
            try Violation.require(images.allSatisfy { (0...1).contains($0) }, "a pixel outside 0 … 1")
            try Violation.require(
                labels.allSatisfy { (0..<Int32(split.classes)).contains($0) }, "a label outside the classes")
            contents.shapes.append(split.shape)
            contents.images.append(images)
            contents.labels.append(labels)
        }
        return contents
    }

    private static func path(_ folder: String, _ number: Int, _ compressed: Bool) -> String {
        "\(folder)/\(files[number])\(compressed ? ".gz" : "")"
    }

    private static func header(_ rank: UInt8, _ dimensions: [UInt8]) -> [UInt8] {
        [0, 0, 8, rank] + dimensions.flatMap { [0, 0, 0, $0] }
    }

    private static func gzip(_ bytes: [UInt8], in folder: String) throws -> [UInt8] {
        let path = "\(folder)/seed"
        defer { unlink(path) }
        let file = gzopen(path, "wb9")
        guard gzwrite(file, bytes, UInt32(bytes.count)) == Int32(bytes.count), gzclose(file) == Z_OK else {
            throw ScratchFolder.NotWritten(path: path)
        }
        return [UInt8](try Data(contentsOf: URL(filePath: path)))
    }
}
