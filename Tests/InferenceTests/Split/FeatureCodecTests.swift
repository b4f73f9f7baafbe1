import FedCore
import Inference
import Testing

/// What each encoding promises, and values by hand.
struct FeatureCodecTests {
    /// Encodes into the middle of a longer block, and decodes into the middle of another.
    private func transport(_ values: [Float], by codec: any FeatureCodec) -> (values: [Float], words: [UInt32]) {
        let count = codec.wordCount(elements: values.count)
        var words = [UInt32](repeating: 0xdead_beef, count: count + 4)
        var decoded = [Float](repeating: -77, count: values.count + 4)
        encode(values, by: codec, into: &words)
        #expect(words[..<2] == [0xdead_beef, 0xdead_beef] && words[(count + 2)...] == [0xdead_beef, 0xdead_beef])
        let own = Array(words[2..<count + 2])
        decode(own, by: codec, into: &decoded, count: values.count)
        #expect(decoded[..<2] == [-77, -77] && decoded[(values.count + 2)...] == [-77, -77])
        return (Array(decoded[2..<values.count + 2]), own)
    }

    private func encode(_ values: [Float], by codec: any FeatureCodec, into words: inout [UInt32]) {
        var span = words.mutableSpan
        codec.encode(values.span, into: &span, at: 2)
    }

    private func decode(_ words: [UInt32], by codec: any FeatureCodec, into values: inout [Float], count: Int) {
        var span = values.mutableSpan
        codec.decode(words.span, into: &span, at: 2, count: count)
    }

    private static let names = FeatureCodecs.all.map { $0.name }

    private func features(_ count: Int, seed: UInt64 = 1) -> [Float] {
        var stream = RandomStream(seed: seed, .synthesis)
        return (0..<count).map { _ in max(0, Float(stream.normal()) * 3) }
    }

    @Test(arguments: names, [1, 2, 3, 4, 5, 128, 784])
    func `what is decoded is near what was encoded, and nothing beside it is touched`(name: String, count: Int) throws {
        let values = features(count)
        let (decoded, words) = transport(values, by: try FeatureCodecs.named(name))
        let largest = values.max() ?? 0
        // Half a step: none; 2⁻¹¹ of the value, or half of 2⁻²⁴; a 254th of the largest; a 510th of the range.
        for (value, decoded) in zip(values, decoded) {
            let bound: Float =
                switch name {
                case "f32": 0
                case "f16": max(value * 0x1p-11, 0x1p-25)
                case "int8": largest / 254 * 1.0001
                default: largest / 510 * 1.001
                }
            #expect(abs(value - decoded) <= bound)
        }
        let bytes = ["f32": 4 * count, "f16": 2 * ((count + 1) / 2 * 2), "int8": 4 + (count + 3) / 4 * 4]
        #expect(4 * words.count == bytes[name] ?? 8 + (count + 3) / 4 * 4)
    }

    @Test(arguments: names)
    func `zeros stay zeros, and words of no encoder are decoded to something`(name: String) throws {
        let codec = try FeatureCodecs.named(name)
        #expect(transport([Float](repeating: 0, count: 9), by: codec).values == [Float](repeating: 0, count: 9))
        var stream = RandomStream(seed: 7, .synthesis)
        var values = [Float](repeating: 0, count: 12)
        for _ in 0..<200 {
            let words = (0..<codec.wordCount(elements: 8)).map { _ in stream.nextWord() }
            decode(words, by: codec, into: &values, count: 8)
        }
        let odd: [Float] = [
            .nan, .infinity, -.infinity, .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude,
            -0,
        ]
        #expect(transport(odd, by: codec).words.count == codec.wordCount(elements: 7))
    }

    @Test func `halves are IEEE's, rounded to the nearest, ties to even`() {
        // Values of numpy.float16: 1 + 2⁻¹¹ is a tie and goes to 1; 1 + 3·2⁻¹¹ to 1 + 2·2⁻¹⁰; 2⁻²⁵ is a tie and goes to 0.
        let values: [Float] = [
            1, -2, 0.1, 65_504, 65_519, 1 + 0x1p-11, 1 + 0x3p-11, 0x1p-14, 0x1p-24, 0x1p-25, 0x3p-26, 0x1.ffcp-15,
        ]
        let halves: [UInt32] = [
            0x3c00, 0xc000, 0x2e66, 0x7bff, 0x7bff, 0x3c00, 0x3c02, 0x0400, 0x0001, 0x0000, 0x0001, 0x0400,
        ]
        let (decoded, words) = transport(values, by: Float16Features())
        let sent = words.flatMap { [$0 & 0xffff, $0 >> 16] }
        #expect(sent == halves)
        #expect(decoded[2] == 0.0999755859375)
        #expect(decoded[8] == 0x1p-24)
        #expect(transport([1e9, -1e9], by: Float16Features()).values == [65_504, -65_504])
    }

    @Test func `an int8 tensor has the scale of its largest magnitude`() {
        // 127/127 = 1 a step: 2.5 is a tie and goes to 2; −63.4 to −63.
        let (decoded, words) = transport([127, 2.5, -63.4, 0, -127], by: Int8Features())
        #expect(words == [Float(1).bitPattern, 0x00c1_027f, 0x0000_0081])
        #expect(decoded == [127, 2, -63, 0, -127])
    }

    @Test func `pixels that were bytes lose nothing as bytes`() {
        let pixels = (0...255).map { Float($0) / 255 }
        let (decoded, words) = transport(pixels, by: UInt8Features())
        #expect(words[0] == 0 && Float(bitPattern: words[1]) == 1 / 255)
        #expect(words[2] == 0x0302_0100)
        for (pixel, decoded) in zip(pixels, decoded) { #expect(abs(pixel - decoded) <= pixel.ulp) }
    }

    @Test func `an unknown encoding is refused with those there are`() {
        #expect(
            throws: ConfigurationError(
                "unknown feature encoding 'f64'; choose one of: f32, f16, int8, uint8, a pipeline as --compress takes it"
            )
        ) { try FeatureCodecs.named("f64") }
    }

    static let pipelines = ["int4", "bf16", "eden 2", "qsgd 4"]

    /// Bytes of 784 numbers: 4 bits and a scale and zero point; 2 bytes; 2 bits of 512 + 256 + 64 and a scale of each
    /// block; a sign and 3 bits and norms of buckets of 512. A byte before each says that all are finite.
    @Test(arguments: zip(pipelines, [0.1, 0.004, 0.4, 0.9]))
    func `features travel by the pipelines of updates`(pipeline: String, error: Double) throws {
        let codec = try FeatureCodecs.named(pipeline)
        let values = features(784)
        let (decoded, words) = transport(values, by: codec)
        let lost = zip(values, decoded).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) }
        #expect((lost / values.reduce(0.0) { $0 + Double($1) * Double($1) }).squareRoot() < error)
        #expect(words.count < (pipeline == "bf16" ? 394 : 108))
        // The same whoever shares the message: nothing but the image counts.
        #expect(transport(values, by: try FeatureCodecs.named(pipeline)).words == words)
    }

    @Test(arguments: pipelines) func `what no pipeline has written is not a number`(pipeline: String) throws {
        let codec = try FeatureCodecs.named(pipeline)
        var values = [Float](repeating: 0, count: 10)
        decode([UInt32](repeating: .max, count: codec.wordCount(elements: 8)), by: codec, into: &values, count: 8)
        #expect(values[..<2] == [0, 0] && values[2...].allSatisfy(\.isNaN))
    }

    @Test(arguments: ["topk 5%", "int4 | rans", "deflate"]) func `encodings of different lengths are refused`(
        pipeline: String
    ) throws {
        let error = #expect(throws: ConfigurationError.self) { try FeatureCodecs.named(pipeline) }
        #expect(error?.description.hasPrefix("--features '\(pipeline)' makes encodings of different lengths") == true)
    }
}
