/// One split (train or test) of labelled images. A value is shared by every thread of a rank; reading changes nothing.
public protocol Dataset: Sendable {
    /// The name on the command line, e.g. `fashion-mnist`.
    var name: String { get }
    /// Number of samples, at least 1.
    var count: Int { get }
    /// Shape of one image.
    var shape: ImageShape { get }
    /// Number of classes; every label is in 0 ..< classes.
    var classes: Int { get }
    /// Name of each class, in the order of the labels: `classes` texts.
    var classNames: [String] { get }
    /// What the numbers of the images are divided by on their way from the file: 255 for bytes.
    var scale: Float { get }

    /// Rows of the file that the split was taken from: more than samples where some were held out or left out.
    var sourceRows: Int { get }

    /// The row of the file that a sample is.
    ///
    /// - Precondition: 0 ≤ sample < count.
    func sourceRow(_ sample: Int) -> Int

    /// The class of a sample, without reading its image.
    ///
    /// - Precondition: 0 ≤ sample < count.
    func label(_ sample: Int) -> Int

    /// Writes the samples' images as floats (those of bytes in [0, 1]) and their labels, in the order asked for. Touches only the rows
    /// asked for and allocates nothing.
    /// - Parameters:
    ///   - images: room for `[samples.count, channels, height, width]` or more; what is beyond stays as it is.
    ///   - labels: room for `[samples.count]` or more.
    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>)
}

extension Dataset {
    public var sourceRows: Int { count }
    public func sourceRow(_ sample: Int) -> Int { sample }

    /// The labels themselves, where the data give their classes no other name.
    public var classNames: [String] { (0..<classes).map { "\($0)" } }

    /// That of bytes, and of images that are made from bytes.
    public var scale: Float { 255 }

    /// The label of every sample, in order: what a partitioner works on. 4 bytes a sample.
    public func labels() -> [Int32] {
        (0..<count).map { Int32(label($0)) }
    }
}

/// Shape of one image, in PyTorch's order.
public struct ImageShape: Sendable, Hashable, CustomStringConvertible {
    /// Planes of one image: 1 for grey, 3 for colour.
    public let channels: Int
    /// Rows.
    public let height: Int
    /// Columns.
    public let width: Int

    /// A shape of `[channels, height, width]`, each at least 1.
    public init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    /// A shape written as `CxHxW`; nil if it is not, or a side is not in 1 … largestSide.
    init?(_ text: String, largestSide: Int) {
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sides.count == 3, sides.allSatisfy({ (1...largestSide).contains($0) }) else { return nil }
        self.init(channels: sides[0], height: sides[1], width: sides[2])
    }

    /// Number of elements of one image.
    public var count: Int { channels * height * width }

    /// E.g. `1×28×28`.
    public var description: String { "\(channels)×\(height)×\(width)" }
}

/// The two splits of a data set; they agree in shape and classes.
public struct DatasetPair: Sendable {
    /// What the clients share.
    public let train: any Dataset
    /// What the server evaluates on.
    public let test: any Dataset
    /// The share of the samples that was drawn by the seed to be the test split; nil where it has files of its own.
    public let heldOutShare: Double?
    /// What the user should know of how the files were read.
    public let notes: [DatasetNote]

    /// Two splits that agree in shape and classes.
    public init(
        train: any Dataset, test: any Dataset, heldOutShare: Double? = nil, notes: [DatasetNote] = []
    ) {
        self.train = train
        self.test = test
        self.heldOutShare = heldOutShare
        self.notes = notes
    }

    /// The same with notes before its own.
    func noting(_ first: [DatasetNote]) -> DatasetPair {
        DatasetPair(train: train, test: test, heldOutShare: heldOutShare, notes: first + notes)
    }
}
