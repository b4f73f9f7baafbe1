import Codecs
public import FedCore

/// An encoding of features on the way from a device to the server (`--features`). To add one, write a file in
/// `Features/` and a line in ``FeatureCodecs/all``.
///
/// Images are encoded one by one, each with its own scale where there is one, so that a prediction does not depend on
/// the images that share a message. Encoding and decoding are pure functions of the numbers, equal on every processor,
/// and run in the hot path of device and server: neither may allocate.
///
/// ```swift
/// let codec = try FeatureCodecs.named("int8")
/// var words = [UInt32](repeating: 0, count: codec.wordCount(elements: features.count))
/// var span = words.mutableSpan
/// codec.encode(features, into: &span, at: 0)
/// ```
public protocol FeatureCodec: Sendable {
    /// The length of one encoded image.
    ///
    /// - Parameter elements: Numbers in the tensor that crosses the cut.
    /// - Returns: 32-bit words, little-endian on every processor that fedmpi runs on.
    func wordCount(elements: Int) -> Int

    /// Encodes the features of one image.
    ///
    /// - Parameters:
    ///   - features: The numbers of one image.
    ///   - words: Words of a whole message. `wordCount(elements: features.count)` of them are overwritten, from `start`
    ///     on; bytes that no number needs are set to zero.
    ///   - start: Index of the image's first word.
    /// - Complexity: O(elements), without allocation.
    func encode(_ features: Span<Float>, into words: inout MutableSpan<UInt32>, at start: Int)

    /// Decodes what ``encode(_:into:at:)`` wrote. Words may come from anywhere: whatever they are, it does not trap.
    ///
    /// - Parameters:
    ///   - words: The words of one image.
    ///   - features: Input of a pass; `count` of its numbers are overwritten, from `start` on.
    ///   - start: Index of the image's first number.
    ///   - count: Numbers of the image.
    /// - Complexity: O(count), without allocation.
    func decode(_ words: Span<UInt32>, into features: inout MutableSpan<Float>, at start: Int, count: Int)
}

/// An encoding of features that its name alone describes: an entry of the catalog.
public protocol NamedFeatureCodec: FeatureCodec {
    /// The value of `--features` that chooses it, e.g. `f16`.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }

    /// Makes the codec. Codecs have no state, so one may be used by many threads.
    init()
}

/// The catalog of feature encodings, by name.
public enum FeatureCodecs {
    /// Every codec, in the order of `--help`.
    public static let all: [any NamedFeatureCodec.Type] = [
        Float32Features.self, Float16Features.self, Int8Features.self, UInt8Features.self,
    ]

    /// Finds the codec of a name, or makes one of a pipeline.
    ///
    /// - Parameter name: A ``NamedFeatureCodec/name``, e.g. `f16`, or what `--compress` takes, e.g. `eden 2`.
    /// - Throws: ``ConfigurationError`` that lists the names there are.
    public static func named(_ name: String) throws(ConfigurationError) -> any FeatureCodec {
        if let type = all.first(where: { $0.name == name }) { return type.init() }
        let first = name.split(whereSeparator: { $0.isWhitespace || $0 == "|" }).first
        guard UpdateCodecs.standard.descriptions.contains(where: { $0.name == first?.lowercased() }) else {
            throw ConfigurationError(
                unknown: "feature encoding", name, choices: all.map { $0.name } + ["a pipeline as --compress takes it"])
        }
        return try PipelineFeatures(name)
    }
}
