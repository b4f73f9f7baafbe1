public import FedCore

/// How the features of an image travel from a device to the server. One file in `Features/`, one line in
/// `FeatureCodecs.all`.
///
/// Images are encoded one by one, so that what is decoded does not depend on the company an image travels in.
public protocol FeatureCodec: Sendable {
    /// The name on the command line, e.g. `f16`.
    static var name: String { get }
    /// One line for `--help`.
    static var summary: String { get }

    init()

    /// 32-bit words of one image's features, little-endian on every processor this runs on.
    func wordCount(elements: Int) -> Int

    /// Writes the features of one image. Allocates nothing.
    /// - Parameters:
    ///   - words: from `start` on, `wordCount(elements: features.count)` of them are written, all of them whole.
    func encode(_ features: Span<Float>, into words: inout MutableSpan<UInt32>, at start: Int)

    /// Reads what `encode` wrote; whatever the words are, it does not trap. Allocates nothing.
    /// - Parameters:
    ///   - words: of one image.
    ///   - features: from `start` on, `count` of them are written.
    func decode(_ words: Span<UInt32>, into features: inout MutableSpan<Float>, at start: Int, count: Int)
}

/// The catalog of feature encodings.
public enum FeatureCodecs {
    /// Every codec, in the order of `--help`.
    public static let all: [any FeatureCodec.Type] = [
        Float32Features.self, Float16Features.self, Int8Features.self, UInt8Features.self,
    ]

    /// - Throws: `ConfigurationError` that lists what there is.
    public static func named(_ name: String) throws(ConfigurationError) -> any FeatureCodec {
        guard let type = all.first(where: { $0.name == name }) else {
            throw ConfigurationError(unknown: "feature encoding", name, choices: all.map { $0.name })
        }
        return type.init()
    }
}
