public import FedCore

/// The words behind a layer's kind in a model's text, e.g. `16 3x3 pad 1` of `conv 16 3x3 pad 1`, while the layer is made.
///
/// A kind reads what it takes, places first; what it leaves is refused.
public struct LayerArguments {
    /// Shapes of the tensors that the layer takes.
    public let inputs: [Shape]
    /// Number of outputs that the data ask of the model, if the layer is its last; otherwise nil.
    public let outputs: Int?

    /// The layer as it was written, for messages.
    private let text: String
    private var words: [Substring]

    init(_ text: String, words: [Substring], inputs: [Shape], outputs: Int?) {
        self.text = text
        self.words = words
        self.inputs = inputs
        self.outputs = outputs
    }

    /// Shape of the tensor that the layer takes; of several, the first.
    public var input: Shape { inputs[0] }

    /// Number of channels of an image `[channels, height, width]`, or of features.
    public var channels: Int { input.extents[0] }

    /// The next word as a whole number, if it is one.
    /// - Parameter range: the numbers that make sense.
    /// - Throws: `ConfigurationError` when it is outside.
    public mutating func optionalNumber(
        in range: ClosedRange<Int> = 1...65_536
    ) throws(ConfigurationError) -> Int? {
        guard let word = words.first, let number = Int(word) else { return nil }
        words.removeFirst()
        return try check(number, in: range)
    }

    /// The next word, which must be a whole number.
    /// - Parameters:
    ///   - what: the word for it in the message, e.g. `a width`.
    ///   - range: the numbers that make sense.
    public mutating func number(
        _ what: String, in range: ClosedRange<Int> = 1...65_536
    ) throws(ConfigurationError) -> Int {
        guard let number = try optionalNumber(in: range) else { throw ConfigurationError("'\(text)' needs \(what)") }
        return number
    }

    /// The next word as a number with a fraction, if it is one.
    public mutating func optionalFraction(in range: ClosedRange<Double>) throws(ConfigurationError) -> Double? {
        guard let word = words.first, let number = Double(word) else { return nil }
        words.removeFirst()
        guard range.contains(number) else {
            throw ConfigurationError("'\(text)': \(word) is not within \(range.lowerBound) … \(range.upperBound)")
        }
        return number
    }

    /// The next word as the side of a square window, written `3x3` or `3`; nil when it is neither.
    /// - Throws: `ConfigurationError` when it is no square.
    public mutating func optionalSquare() throws(ConfigurationError) -> Int? {
        guard let word = words.first else { return nil }
        let sides = word.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard !sides.contains(nil), let side = sides[0] else { return nil }
        guard sides.count == 1 || sides.count == 2 && sides[1] == side else {
            throw ConfigurationError("'\(text)': windows are squares, as 3x3, not \(word)")
        }
        words.removeFirst()
        return try check(side, in: 1...511)
    }

    /// The number behind a word such as `stride`, wherever it stands; nil without the word.
    /// - Throws: `ConfigurationError` when no number in the range follows.
    public mutating func option(
        _ name: String, in range: ClosedRange<Int> = 1...4096
    ) throws(ConfigurationError) -> Int? {
        guard let place = words.firstIndex(where: { $0 == name }) else { return nil }
        guard place + 1 < words.count, let number = Int(words[place + 1]) else {
            throw ConfigurationError("'\(text)': a number follows '\(name)'")
        }
        words.removeSubrange(place...place + 1)
        return try check(number, in: range)
    }

    /// The number with a fraction behind a word such as `epsilon`; nil without the word.
    /// - Throws: `ConfigurationError` when no number in the range follows.
    public mutating func fraction(
        _ name: String, in range: ClosedRange<Double>
    ) throws(ConfigurationError) -> Float? {
        guard let place = words.firstIndex(where: { $0 == name }) else { return nil }
        guard place + 1 < words.count, let number = Double(words[place + 1]), range.contains(number) else {
            throw ConfigurationError(
                "'\(text)': a number within \(range.lowerBound) … \(range.upperBound) follows '\(name)'")
        }
        words.removeSubrange(place...place + 1)
        return Float(number)
    }

    /// Whether a word such as `no-bias` is there.
    public mutating func flag(_ name: String) -> Bool {
        guard let place = words.firstIndex(where: { $0 == name }) else { return false }
        words.remove(at: place)
        return true
    }

    /// Refuses an input that is no image.
    /// - Throws: `ConfigurationError` when it has another number of dimensions than `[channels, height, width]`.
    public func checkImage() throws(ConfigurationError) {
        guard input.extents.count == 3 else {
            throw ConfigurationError("'\(text)' takes an image, channels × height × width, not \(input)")
        }
    }

    /// Number of features of a step of a sequence.
    /// - Throws: `ConfigurationError` when the input is not `[time, features]`.
    public func stepFeatures() throws(ConfigurationError) -> Int {
        guard input.extents.count == 2 else {
            throw ConfigurationError("'\(text)' takes a sequence, time × features, as of an embedding, not \(input)")
        }
        return input.extents[1]
    }

    private func check(_ number: Int, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        guard range.contains(number) else {
            throw ConfigurationError("'\(text)': \(number) is not within \(range.lowerBound) … \(range.upperBound)")
        }
        return number
    }

    /// Refuses what the kind has not read.
    func finish(_ kind: LayerKind) throws(ConfigurationError) {
        guard let word = words.first else { return }
        throw ConfigurationError("'\(text)': what is '\(word)'? The form is: \(kind.name) \(kind.usage)")
    }
}
