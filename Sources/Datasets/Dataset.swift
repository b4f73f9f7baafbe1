public import FedCore

/// One split (train or test) of labelled images.
///
/// Samples are numbered 0 ..< ``count``, and a sample's number means the same on every rank: a ``Partition``
/// refers to samples by number alone, and every rank opens the files for itself. Implementations generate
/// samples on demand or read a memory-mapped file, so a split of many gigabytes costs a rank hardly any memory
/// of its own.
///
/// A value is shared by every thread of a rank; reading has no side effects and needs no lock.
public protocol Dataset: Sendable {
    /// Name of the data set for logs and records, e.g. `fashion-mnist`, `idx:FOLDER`.
    var name: String { get }
    /// Number of samples, from 1 to 2³² − 1: samples are numbered by `UInt32`.
    var count: Int { get }
    /// Shape of one image, the same for all samples.
    var shape: ImageShape { get }
    /// Number of classes; every label is in 0 ..< classes. A class may have no samples.
    var classes: Int { get }
    /// What there is to learn: ``classes`` classes by default. Otherwise ``label(_:)`` is a stand-in: the first label that
    /// is set, and 0 for numbers, which partitioners put into bins.
    var task: LearningTask { get }
    /// Client that each sample comes from by nature, such as the file or the speaker of a text: what
    /// `--partition natural` goes by. Nil, as by default, for data that know of none.
    var origins: SampleOrigins? { get }
    /// Name of each class, in the order of the labels: `classes` texts.
    var classNames: [String] { get }
    /// Divisor of the file's numbers on their way to floats: 255 for bytes. It is stored with a trained model,
    /// because images divided by another number are other inputs to it.
    var scale: Float { get }
    /// What the inputs are normalised by after that; nil, as by default, where they are not.
    var normalization: Normalization? { get }

    /// Number of rows of the file that the split was taken from: larger than ``count`` where samples were held
    /// out for testing or dropped for want of a label. ``count`` by default.
    var sourceRows: Int { get }

    /// Row of the source file that a sample was read from, in 0 ..< ``sourceRows``. The sample's own number by
    /// default. ``ByColumnPartitioner`` needs it to match a column of the whole file with a part of its rows.
    ///
    /// - Precondition: 0 ≤ sample < count.
    func sourceRow(_ sample: Int) -> Int

    /// Class of a sample, in 0 ..< ``classes``, without reading its image. O(1).
    ///
    /// - Precondition: 0 ≤ sample < count.
    func label(_ sample: Int) -> Int

    /// Whether it is known what a sample is. False only for rows of a table that are to be predicted
    /// (``DatasetOptions/testMayLackLabels``): their label is a 0 that says nothing, their targets are infinite. True by
    /// default.
    ///
    /// - Precondition: 0 ≤ sample < count.
    func isLabelled(_ sample: Int) -> Bool

    /// Writes the images of a batch as floats (bytes become values in [0, 1]) and their labels, in the order
    /// asked for.
    ///
    /// Called once for each batch of a training epoch, so it allocates nothing and touches only the rows asked
    /// for. Several threads may call it at once with buffers of their own.
    ///
    /// - Parameters:
    ///   - samples: numbers of the samples, each below ``count``, in any order and with repetitions.
    ///   - images: room for `[samples.count, channels, height, width]` or more; what is beyond stays as it is.
    ///   - labels: room for `[samples.count]` or more; what is beyond stays as it is.
    /// - Precondition: both buffers are large enough.
    /// - Complexity: O(samples.count · shape.count).
    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>)

    /// Writes the targets of a batch, in the order asked for: zeros and ones for ``LearningTask/labels(_:)``,
    /// numbers for ``LearningTask/values(_:)``. By default a failed precondition, as samples of one class each
    /// have labels only.
    ///
    /// - Parameters:
    ///   - samples: numbers of the samples, each below ``count``.
    ///   - targets: room for `[samples.count, task.outputs]` or more; what is beyond stays as it is.
    /// - Precondition: the task is not ``LearningTask/classes(_:)``, and the buffer is large enough.
    /// - Complexity: O(samples.count · task.outputs), without allocation.
    func readTargets(_ samples: Span<UInt32>, into targets: inout MutableSpan<Float>)
}

extension Dataset {
    public var sourceRows: Int { count }
    public func sourceRow(_ sample: Int) -> Int { sample }
    public func isLabelled(_ sample: Int) -> Bool { true }
    public var task: LearningTask { .classes(classes) }
    public var origins: SampleOrigins? { nil }
    public var normalization: Normalization? { nil }

    public func readTargets(_ samples: Span<UInt32>, into targets: inout MutableSpan<Float>) {
        preconditionFailure("\(name) has only labels of classes")
    }

    /// Reads the images of samples one after the other, into one buffer.
    ///
    /// - Parameters:
    ///   - samples: numbers of the samples.
    ///   - body: gets each image, `[shape.count]`.
    /// - Complexity: O(samples · shape.count).
    public func forEachImage(of samples: some Sequence<Int>, _ body: (Span<Float>) -> Void) {
        var image = [Float](repeating: 0, count: shape.count)
        var label: [Int32] = [0]
        for sample in samples {
            let one = [UInt32(sample)]
            var images = image.mutableSpan
            var labels = label.mutableSpan
            read(one.span, into: &images, labels: &labels)
            body(image.span)
        }
    }

    /// Reads the targets of samples one after the other, into one buffer.
    ///
    /// - Parameters:
    ///   - samples: numbers of the samples.
    ///   - body: gets the targets of each, `[task.outputs]`.
    /// - Precondition: the task is not ``LearningTask/classes(_:)``.
    public func forEachTargets(of samples: some Sequence<Int>, _ body: (Span<Float>) -> Void) {
        var target = [Float](repeating: 0, count: task.outputs)
        for sample in samples {
            let one = [UInt32(sample)]
            var targets = target.mutableSpan
            readTargets(one.span, into: &targets)
            body(target.span)
        }
    }

    /// The labels written as numbers, for data that do not name their classes.
    public var classNames: [String] { (0..<classes).map { "\($0)" } }

    /// 255, the divisor of bytes and of images generated as bytes.
    public var scale: Float { 255 }

    /// The label of every sample, in order: what a partitioner works on.
    ///
    /// - Returns: `[count]`, 4 bytes a sample.
    /// - Complexity: O(count); it reads every label, but no image.
    public func labels() -> [Int32] {
        (0..<count).map { Int32(label($0)) }
    }
}

/// Shape of one image, `[channels, height, width]`: PyTorch's order of dimensions.
///
/// A row of a table that is not an image has the shape `[1, 1, columns]`.
public struct ImageShape: Sendable, Hashable, CustomStringConvertible {
    /// Number of planes: 1 for grey, 3 for colour.
    public let channels: Int
    /// Number of rows, in pixels.
    public let height: Int
    /// Number of columns, in pixels.
    public let width: Int

    /// Creates a shape from its three extents, each at least 1. Nothing is checked here: readers have checked
    /// the header that the numbers come from.
    public init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// Parses a shape written as `CxHxW`, e.g. `3x32x32`.
    ///
    /// - Parameters:
    ///   - text: three whole numbers with `x` between them.
    ///   - largestSide: the largest extent accepted for any dimension, so that the product does not overflow.
    /// - Returns: nil when the text has another form, or an extent is not in 1 … largestSide.
    init?(_ text: String, largestSide: Int) {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sides.count == 3, sides.allSatisfy({ (1...largestSide).contains($0) }) else { return nil }
        self.init(channels: sides[0], height: sides[1], width: sides[2])
    }

    /// Number of elements of one image.
    public var count: Int { channels * height * width }

    /// Whether it is a row of numbers and no image.
    public var isRow: Bool { channels == 1 && height == 1 }

    /// The three extents with `×` between them, e.g. `1×28×28`.
    public var description: String { "\(channels)×\(height)×\(width)" }
}

/// The two splits of a data set, and how they came about.
///
/// Every rank opens a pair of its own with ``Datasets/open(_:options:)``. The splits agree in ``Dataset/shape``
/// and ``Dataset/classes``: the source that makes the pair has checked it.
public struct DatasetPair: Sendable {
    /// Training split, which a ``Partition`` divides among the clients.
    public internal(set) var train: any Dataset
    /// Test split, on which the server evaluates the global model.
    public internal(set) var test: any Dataset
    /// Share of the samples, in (0, 1), that was drawn from the seed to be the test split; nil when the test
    /// split has files of its own. With a drawn split, another seed would put training samples into the test
    /// split, so the origin of a trained model records it.
    public let heldOutShare: Double?
    /// Remarks on how the files were read, for the user; rank 0 prints them.
    public internal(set) var notes: [DatasetNote]
    /// The columns of a text table; nil of other data.
    public private(set) var table: TableColumns?

    /// Creates a pair from two splits that agree in shape and classes; nothing is checked.
    public init(
        train: any Dataset, test: any Dataset, heldOutShare: Double? = nil, notes: [DatasetNote] = []
    ) {
        self.train = train
        self.test = test
        self.heldOutShare = heldOutShare
        self.notes = notes
    }

    /// A copy of the pair with further notes in front of its own.
    func noting(_ first: [DatasetNote]) -> DatasetPair {
        var pair = self
        pair.notes = first + notes
        return pair
    }

    /// A copy of the pair that knows the columns of its table.
    func of(_ table: TableColumns) -> DatasetPair {
        var pair = self
        pair.table = table
        return pair
    }
}
