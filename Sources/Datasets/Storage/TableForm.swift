import FedCore

/// What a user says about rows of numbers that are to be images, by the options `shape`, `layout`, `scale`, `classes`,
/// `test-share` and `seed`.
struct TableForm: Sendable {
    /// Largest extent of each dimension.
    private static let largestSide = 65_536

    let layout: ArrayImages.Layout
    /// What numbers are divided by; nil: as their type has it.
    let scale: Float?
    let classes: Int?
    /// The share of samples that is held out where there is no test split, in (0, 1).
    let testShare: Double
    /// That they are drawn by; nil: the run's.
    let seed: UInt64?
    private let shape: ImageShape?

    init(_ options: inout OptionReader) throws(ConfigurationError) {
        shape = try options.text("shape", "CxHxW, e.g. 3x32x32").map { text throws(ConfigurationError) in
            guard let shape = ImageShape(text, largestSide: Self.largestSide) else {
                throw options.refusal(of: "shape", "CxHxW, e.g. 3x32x32")
            }
            return shape
        }
        let word = try options.choice("layout", default: "chw", of: ArrayImages.Layout.allCases.map { $0.rawValue })
        layout = ArrayImages.Layout(rawValue: word) ?? .chw
        scale = try options.number("scale", "greater than 0") { $0 > 0 }
        classes = try options.integer("classes", "from 1 to \(ArrayImages.mostClasses)") {
            (1...ArrayImages.mostClasses).contains($0)
        }
        testShare = try options.number("test-share", default: 0.1, "between 0 and 1") { $0 > 0 && $0 < 1 }
        seed = try Self.seed(&options)
    }

    /// The seed of a data set's own, where it is not the run's: who evaluates or distils keeps the test samples of the run
    /// before.
    static func seed(_ options: inout OptionReader) throws(ConfigurationError) -> UInt64? {
        guard let text = options.text("seed", "a whole number, at least 0; without one it is the run's") else {
            return nil
        }
        guard let seed = UInt64(text) else { throw options.refusal(of: "seed", "a whole number, at least 0") }
        return seed
    }

    /// The image that a row of numbers is.
    /// - Throws: `DatasetError.malformed` when the user's shape is another number of them.
    func shape(ofRow count: Int, path: String) throws(DatasetError) -> ImageShape {
        guard let shape else { return ImageShape(channels: 1, height: 1, width: count) }
        guard shape.count == count else {
            throw .malformed(file: path, reason: "holds \(count) numbers a sample, and \(shape) are \(shape.count)")
        }
        return shape
    }

    /// The image that an array's sample is.
    /// - Throws: `DatasetError.malformed` when it can be none.
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
