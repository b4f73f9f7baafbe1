public import Datasets

/// Some images of a data set with their labels, as floats one behind another.
public struct Images: Sendable {
    public let labels: [Int32]
    private let pixels: [Float]
    private let stride: Int

    /// Reads samples of a data set. 4 bytes a pixel.
    /// - Precondition: there is a sample.
    public init(_ samples: [UInt32], of data: any Dataset) {
        precondition(!samples.isEmpty, "no images")
        stride = data.shape.count
        var pixels = [Float](repeating: 0, count: samples.count * stride)
        var labels = [Int32](repeating: 0, count: samples.count)
        Self.read(samples, of: data, into: &pixels, &labels)
        self.pixels = pixels
        self.labels = labels
    }

    private static func read(
        _ samples: [UInt32], of data: any Dataset, into pixels: inout [Float], _ labels: inout [Int32]
    ) {
        var pixels = pixels.mutableSpan
        var labels = labels.mutableSpan
        data.read(samples.span, into: &pixels, labels: &labels)
    }

    public var count: Int { labels.count }

    /// An image's pixels.
    public subscript(index: Int) -> Span<Float> {
        @_lifetime(borrow self)
        get { pixels.span.extracting(index * stride..<(index + 1) * stride) }
    }
}
