import FedCore

/// The user's description of rows of numbers that are to be images, by the options `shape`, `layout`, `scale`,
/// `classes`, `test-share` and `seed`. Shared by the sources of text tables and of arrays.
struct TableForm: Sendable {
    /// Largest extent of each dimension.
    private static let largestSide = 65_536

    let layout: ArrayImages.Layout
    /// Divisor of the numbers, > 0; nil: the one that suits their type.
    let scale: Float?
    /// Number of classes; nil: as many as the labels show.
    let classes: Int?
    /// Share of the samples that is held out where there is no test split, in (0, 1).
    let testShare: Double
    /// Seed by which they are drawn; nil: the run's.
    let seed: UInt64?
    /// Shape of an image; nil: as the data have it.
    private let shape: ImageShape?

    /// Reads the options.
    ///
    /// - Throws: `ConfigurationError` when one is not accepted.
    init(_ options: inout OptionReader) throws(ConfigurationError) {
        shape = try options.text("shape", "CxHxW, e.g. 3x32x32").map { text throws(ConfigurationError) in
            guard let shape = ImageShape(text, largestSide: Self.largestSide) else {
                throw options.refusal(of: "shape", "CxHxW, e.g. 3x32x32")
            }
            return shape
        }
        options.explain("the image that a row is; without it a row is [1, 1, columns]")
        // Libraries name the dimension of the samples, too.
        let layouts: [String: ArrayImages.Layout] = ["chw": .chw, "nchw": .chw, "hwc": .hwc, "nhwc": .hwc]
        let word = try options.choice("layout", default: "chw", of: ["chw", "nchw", "hwc", "nhwc"])
        options.explain("the order of an image's numbers")
        layout = layouts[word] ?? .chw
        scale = try options.number("scale", "greater than 0") { $0 > 0 }
        options.explain("what all numbers are divided by, 255 for pixels")
        classes = try options.integer("classes", "from 1 to \(ArrayImages.mostClasses)") {
            (1...ArrayImages.mostClasses).contains($0)
        }
        options.explain("how many classes there are, if the largest may be in no row")
        testShare = try options.number("test-share", default: 0.1, "between 0 and 1") { $0 > 0 && $0 < 1 }
        options.explain("the share that is held out to test on")
        seed = try Self.seed(&options)
    }

    /// Reads option `seed`, a seed of the data set's own. Whoever evaluates or distils a model later gives the
    /// seed of the run before, and so keeps its test samples.
    ///
    /// - Returns: nil when it is not given.
    static func seed(_ options: inout OptionReader) throws(ConfigurationError) -> UInt64? {
        guard let text = options.text("seed", "a whole number, at least 0; without one it is the run's") else {
            return nil
        }
        guard let seed = UInt64(text) else { throw options.refusal(of: "seed", "a whole number, at least 0") }
        return seed
    }

    /// Shape of the image that a row of numbers is: the user's, or `[1, 1, count]`.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when the user's shape has another number of elements.
    func shape(ofRow count: Int, path: String) throws(DatasetError) -> ImageShape {
        guard let shape else { return ImageShape(channels: 1, height: 1, width: count) }
        guard shape.count == count else {
            throw .malformed(file: path, reason: "holds \(count) numbers a sample, and \(shape) are \(shape.count)")
        }
        return shape
    }

    /// Shape of the image that an array's sample is: the user's, or the array's own, by the layout.
    ///
    /// - Throws: ``DatasetError/malformed(file:reason:)`` when it has too many dimensions or another number of
    ///   elements.
    func shape(of array: NPYArray) throws(DatasetError) -> ImageShape {
        let sides = Array(array.shape.dropFirst())
        let count = sides.reduce(1, *)
        switch (shape, layout, sides.count) {
        case (nil, _, 2): return ImageShape(channels: 1, height: sides[0], width: sides[1])
        case (nil, .chw, 3): return ImageShape(channels: sides[0], height: sides[1], width: sides[2])
        case (nil, .hwc, 3): return ImageShape(channels: sides[2], height: sides[0], width: sides[1])
        case (nil, _, 4...):
            throw .malformed(file: array.path, reason: "has \(sides.count) dimensions a sample; an image has at most 3")
        default: return try shape(ofRow: count, path: array.path)
        }
    }
}
