import Codecs
import FedCore
import Runtime

/// Features encoded as updates are (`--features "int4"`, `"eden 2"`, `"bf16"`): a pipeline of the grammar of `--compress`
/// of which all encodings are equally long, so that the place of each image in a message is known.
///
/// ```
/// the encoding, then zeros up to a whole word
/// ```
///
/// What is random in a pipeline is drawn alike for each image, so that a prediction does not depend on its neighbours.
struct PipelineFeatures: FeatureCodec {
    private let codec: any UpdateCodec

    /// Reads a pipeline.
    /// - Throws: `ConfigurationError` when there is no such pipeline, or its encodings differ in length.
    init(_ text: String) throws(ConfigurationError) {
        codec = try UpdateCodecs.standard.codec(text, of: "--features")
        guard codec.isFixedLength else {
            throw ConfigurationError(
                "--features '\(codec.description)' makes encodings of different lengths; features need a pipeline of equally "
                    + "long ones, such as 'int4', 'bf16' or 'eden 2'")
        }
    }

    /// What the codec is told of an image: the same of each.
    private func context(_ elements: Int) -> CodecContext {
        CodecContext(tensors: [CodecTensor(0..<elements)], seed: 0, round: 1, client: 0)
    }

    /// Bytes of an encoding.
    private func byteCount(_ elements: Int) -> Int {
        codec.capacity(count: elements, tensors: [CodecTensor(0..<elements)])
    }

    func wordCount(elements: Int) -> Int { (byteCount(elements) + 3) / 4 }

    /// O(elements); allocates what the codec works with.
    func encode(_ features: Span<Float>, into words: inout MutableSpan<UInt32>, at start: Int) {
        let wordCount = wordCount(elements: features.count)
        var bytes = [UInt8](repeating: 0, count: 4 * wordCount)
        var span = bytes.mutableSpan
        var room = span.part(0..<byteCount(features.count))
        _ = codec.encode(features, into: &room, in: context(features.count))
        for i in 0..<wordCount { words[start + i] = span.span.load(UInt32.self, at: 4 * i) }
    }

    /// O(count); allocates what the codec works with. What cannot be decoded is NaN, which no class is predicted of.
    func decode(_ words: Span<UInt32>, into features: inout MutableSpan<Float>, at start: Int, count: Int) {
        var bytes = [UInt8](repeating: 0, count: 4 * words.count)
        var span = bytes.mutableSpan
        for i in words.indices { span.store(words[i], at: 4 * i) }
        var part = features.part(start..<start + count)
        do throws(CodecError) {
            let encoding = span.span.extracting(0..<min(byteCount(count), 4 * words.count))
            try codec.decode(encoding, into: &part, in: context(count))
        } catch {
            for i in 0..<count { part[i] = .nan }
        }
    }
}
