public import Datasets

/// Some images of a data set with their labels, read beforehand, so that serving never waits for a disk.
public struct Images: Sendable {
    /// The true class of each image.
    public let labels: [Int32]
    /// The images' numbers, `[count, channels, height, width]`.
    private let pixels: [Float]
    /// Numbers of an image.
    private let stride: Int

    /// Reads samples of a data set.
    ///
    /// - Parameters:
    ///   - samples: Indices in the data set; not empty.
    ///   - data: The data set.
    /// - Complexity: 4 bytes of memory for each number of each image.
    public init(_ samples: [UInt32], of data: any Dataset) {
        precondition(!samples.isEmpty, "no images")
        stride = data.shape.count
        var pixels = [Float](repeating: 0, count: samples.count * stride)
        var labels = [Int32](repeating: 0, count: samples.count)
        Self.read(samples, of: data, into: &pixels, &labels)
        self.pixels = pixels
        self.labels = labels
    }

    /// Reads through spans of both arrays at once.
    private static func read(
        _ samples: [UInt32], of data: any Dataset, into pixels: inout [Float], _ labels: inout [Int32]
    ) {
        var pixels = pixels.mutableSpan
        var labels = labels.mutableSpan
        data.read(samples.span, into: &pixels, labels: &labels)
    }

    /// Number of images, ≥ 1.
    public var count: Int { labels.count }

    /// The numbers of an image, `[channels, height, width]`, without a copy.
    public subscript(index: Int) -> Span<Float> {
        @_lifetime(borrow self)
        get { pixels.span.extracting(index * stride..<(index + 1) * stride) }
    }
}
