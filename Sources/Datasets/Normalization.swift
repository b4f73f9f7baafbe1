public import FedCore

/// What inputs are normalised by: x becomes (x − mean) / deviation, with a mean and a standard deviation of each
/// channel, or of each column where a sample is a row of numbers.
///
/// Written as `MEAN,MEAN,…/DEVIATION,DEVIATION,…`. A model's file has it, because a model that has learnt from
/// normalised inputs takes no others.
public struct Normalization: Sendable, Equatable {
    /// Mean of each channel, or column.
    public let means: [Float]
    /// Standard deviation of each, above 0.
    public let deviations: [Float]

    /// The word that asks for means and deviations of the training samples.
    public static let measured = "channels"
    /// Samples that are looked at, evenly spaced, when there are more.
    private static let mostSamples = 10_000

    /// Reads what the user typed: `channels` for the training samples' own, or numbers.
    /// - Throws: `ConfigurationError` when it is neither, or the numbers are not those of such samples.
    public init(_ text: String, for data: any Dataset) throws(ConfigurationError) {
        if text == Self.measured {
            self.init(of: data)
            return
        }
        guard let read = Self(parsing: text) else {
            throw ConfigurationError(
                "--normalize '\(text.printable)' is neither \(Self.measured) nor MEAN,…/DEVIATION,… with deviations above 0"
            )
        }
        try read.check(data.shape, "--normalize")
        self = read
    }

    /// Reads numbers; nil when the text has another form.
    public init?(parsing text: String) {
        let sides = text.split(separator: "/", omittingEmptySubsequences: false).map { side in
            side.split(separator: ",", omittingEmptySubsequences: false).map { Float($0) }
        }
        guard sides.count == 2, sides[0].count == sides[1].count else { return nil }
        let (means, deviations) = (sides[0].compactMap { $0 }, sides[1].compactMap { $0 })
        guard means.count == sides[0].count, means.allSatisfy(\.isFinite) else { return nil }
        guard deviations.count == means.count, deviations.allSatisfy({ $0 > 0 && $0.isFinite }) else { return nil }
        (self.means, self.deviations) = (means, deviations)
    }

    /// Measures a split: ten thousand samples, evenly spaced, or all. What does not vary keeps its scale.
    ///
    /// In a federation of devices each would send its sums; here the ranks read the samples of all.
    init(of data: any Dataset) {
        let shape = data.shape
        let groups = Self.groups(shape)
        let size = shape.count / groups
        var (sums, squares) = ([Double](repeating: 0, count: groups), [Double](repeating: 0, count: groups))
        let count = min(data.count, Self.mostSamples)
        let samples = (0..<count).lazy.map { $0 * data.count / count }
        data.forEachImage(of: samples) { image in
            for i in 0..<image.count { sums[i / size] += Double(image[i]) }
        }
        let each = Double(count * size)
        let means = sums.map { $0 / each }
        data.forEachImage(of: samples) { image in
            for i in 0..<image.count {
                let distance = Double(image[i]) - means[i / size]
                squares[i / size] += distance * distance
            }
        }
        self.means = means.map { Float($0) }
        deviations = squares.map { $0 > 0 ? Float(($0 / each).squareRoot()) : 1 }
    }

    /// Channels, or columns where a sample is a row of numbers.
    private static func groups(_ shape: ImageShape) -> Int {
        shape.isRow ? shape.width : shape.channels
    }

    /// Checks that there is a mean for each channel, or column.
    /// - Parameter owner: what the numbers are of, for the message.
    public func check(_ shape: ImageShape, _ owner: String) throws(ConfigurationError) {
        let groups = Self.groups(shape)
        guard means.count == groups else {
            throw ConfigurationError("\(owner) has \(means.count) means, and samples of \(shape) need \(groups)")
        }
    }

    /// Normalises samples in place.
    /// - Parameters:
    ///   - images: `[count, channels, height, width]` or more; what is beyond stays as it is.
    ///   - count: number of samples.
    ///   - shape: shape of one.
    /// - Complexity: O(count · shape.count), without allocation.
    public func apply(to images: inout MutableSpan<Float>, count: Int, of shape: ImageShape) {
        let size = shape.count / means.count
        for sample in 0..<count {
            for group in means.indices {
                let (mean, factor) = (means[group], 1 / deviations[group])
                let start = sample * shape.count + group * size
                for i in start..<start + size { images[unchecked: i] = (images[unchecked: i] - mean) * factor }
            }
        }
    }
}

extension Normalization: CustomStringConvertible {
    /// The numbers, as ``init(parsing:)`` reads them back to the same bits.
    public var description: String {
        [means, deviations].map { $0.map { "\($0)" }.joined(separator: ",") }.joined(separator: "/")
    }
}

extension Normalization {
    /// The numbers, where they are few, to four digits.
    fileprivate var summary: String {
        guard means.count <= 4 else { return "a mean and a deviation of each of \(means.count) columns or channels" }
        func list(_ values: [Float]) -> String {
            values.map { NumberText.fixed(Double($0), 4) }.joined(separator: ", ")
        }
        return "mean \(list(means)), deviation \(list(deviations))"
    }
}

/// Data whose inputs are normalised as they are read.
struct NormalizedData: DatasetView {
    let base: any Dataset
    let numbers: Normalization

    var normalization: Normalization? { numbers }

    func read(_ samples: Span<UInt32>, into images: inout MutableSpan<Float>, labels: inout MutableSpan<Int32>) {
        base.read(samples, into: &images, labels: &labels)
        numbers.apply(to: &images, count: samples.count, of: base.shape)
    }
}

extension DatasetPair {
    /// The same samples, normalised as they are read.
    public func normalized(by numbers: Normalization) -> DatasetPair {
        var pair = self
        pair.train = NormalizedData(base: train, numbers: numbers)
        pair.test = NormalizedData(base: test, numbers: numbers)
        pair.notes = notes.filter { !$0.concernsRange } + [.fact("inputs are normalised by \(numbers.summary)")]
        return pair
    }
}
