import FedCore

@testable import Datasets

/// MNIST's format by hand, small enough to check by eye.
enum TinyIDX {
    static let names = [
        "train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
    ]

    static func images(_ pixels: [UInt8], _ count: UInt32, _ height: UInt32, _ width: UInt32) -> [UInt8] {
        [0, 0, 8, 3] + word(count) + word(height) + word(width) + pixels
    }

    static func labels(_ labels: [UInt8]) -> [UInt8] {
        [0, 0, 8, 1] + word(UInt32(labels.count)) + labels
    }

    /// Big-endian.
    static func word(_ value: UInt32) -> [UInt8] {
        [UInt8(value >> 24), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
    }

    /// Three training images of 2×2 with the labels 1, 0, 2 and two test images with the labels 2, 1.
    static let files: [String: [UInt8]] = [
        names[0]: images([0, 1, 2, 3, 10, 20, 30, 40, 255, 254, 128, 127], 3, 2, 2),
        names[1]: labels([1, 0, 2]),
        names[2]: images([5, 6, 7, 8, 50, 60, 70, 80], 2, 2, 2),
        names[3]: labels([2, 1]),
    ]

    /// Writes the four files, some replaced, and opens them.
    static func open(
        in folder: TemporaryFolder, replacing changes: [String: [UInt8]] = [:], gzipped: Bool = false,
        cache: String? = nil
    ) throws -> DatasetPair {
        for (name, bytes) in files.merging(changes, uniquingKeysWith: { $1 }) {
            try folder.write(gzipped ? gzip(bytes) : bytes, to: name + (gzipped ? ".gz" : ""))
        }
        var options = DatasetOptions()
        options.cacheFolder = cache ?? folder.path + "/cache"
        return try Datasets.standard.open("idx:" + folder.path, options: options)
    }
}

extension Dataset {
    /// The images and labels of some samples.
    func read(_ samples: [UInt32]) -> (images: [Float], labels: [Int32]) {
        var images = [Float](repeating: .nan, count: samples.count * shape.count)
        var labels = [Int32](repeating: -1, count: samples.count)
        var imageSpan = images.mutableSpan
        var labelSpan = labels.mutableSpan
        read(samples.span, into: &imageSpan, labels: &labelSpan)
        return (images, labels)
    }
}

extension Dataset {
    /// The targets of some samples.
    func targets(_ samples: [UInt32]) -> [Float] {
        var targets = [Float](repeating: -1, count: samples.count * task.outputs)
        var span = targets.mutableSpan
        readTargets(samples.span, into: &span)
        return targets
    }

    /// The numbers of all samples, row by row.
    var rows: [[Float]] { (0..<UInt32(count)).map { read([$0]).images } }
}
