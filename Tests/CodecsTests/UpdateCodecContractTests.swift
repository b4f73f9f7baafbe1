import FedCore
import Testing

@testable import Codecs

/// What every codec promises, of one type or a pipeline.
@Suite struct UpdateCodecContractTests {
    /// Every stage of the catalogs, and compositions of each kind with each.
    static let texts = [
        "f16", "deflate", "bf16", "int8", "int4 | rans", "int2", "rans", "f16 | rans", "bf16 | deflate", "topk 10%",
        "topk 5 | f16", "topk 10% by=tensor | int8 | rans", "threshold 0.01 | int4", "threshold 0.02 | rans",
        "randk 10% | int8", "randk 20%", "prune 30% | int8 | rans", "qsgd 4", "qsgd 2 bucket=16 | rans", "sign",
        "sign | rans", "topk 10% | ternary | rans", "eden 1", "eden 4", "eden 8 | rans", "topk 50% | eden 2",
        "kmeans 6 | deflate", "randk 30% | kmeans 3", "zstd", "int8 | zstd 1", "topk 10% | f16 | zstd 19", "powersgd 2",
        "powersgd 1 | f16",
        "powersgd 2 iterations=3 | int8 | rans",
        "powersgd 2 | topk 50% | int4", "sketch 20%", "sketch 10 rows=3 k=4 | int8 | rans",
        "topk 1% warmup=3 | int8", "topk 4 by=tensor warmup=2", "randk 1% warmup=4", "randk 1% warmup=4 | eden 2",
        "deadzone 5% | cabac", "deadzone 20% step=0.5 warmup=3 | rans", "deadzone 3", "int4 | cabac", "cabac",
        "topk 10% | int8 | cabac", "qsgd 2 bucket=16 | cabac", "powersgd 2 | deadzone 50% | cabac",
    ]

    /// Numbers as training makes them, and those at the edges of what a Float can be.
    static func numbers(_ count: Int) -> [Float] {
        var random = RandomStream(seed: 7, .initialization)
        var numbers = (0..<count).map { _ in Float(random.normal()) * 0.01 }
        let edges: [Float] = [
            0, -0.0, 1, -1, .leastNonzeroMagnitude, .leastNormalMagnitude, 65_504, -65_504, 0.333_333_34, 1e-8,
        ]
        for (i, edge) in edges.enumerated() where i < count { numbers[i] = edge }
        return numbers
    }

    /// A client's turn, with three vectors and a matrix of eight rows where there are enough numbers.
    static func context(_ count: Int, client: Int = 3, round: Int = 2) -> CodecContext {
        let start = count < 3 ? count : count / 7 + 1
        let end = start + (count - start) / 8 * 8
        let tensors = [
            CodecTensor(0..<count / 7), CodecTensor(count / 7..<start), CodecTensor(start..<end, rows: 8),
            CodecTensor(end..<count),
        ].filter { !$0.range.isEmpty }
        return CodecContext(tensors: tensors, seed: 42, round: round, client: client)
    }

    static func encoded(_ numbers: [Float], by codec: any UpdateCodec, _ context: CodecContext? = nil) -> [UInt8] {
        let context = context ?? Self.context(numbers.count)
        let capacity = codec.capacity(count: numbers.count, tensors: context.tensors)
        var bytes = [UInt8](repeating: 0xa5, count: capacity)
        var span = bytes.mutableSpan
        let length = codec.encode(numbers.span, into: &span, in: context)
        return Array(bytes.prefix(length))
    }

    static func decoded(
        _ bytes: [UInt8], count: Int, by codec: any UpdateCodec, _ context: CodecContext? = nil
    ) throws -> [Float] {
        var numbers = [Float](repeating: 9, count: count)
        var span = numbers.mutableSpan
        try codec.decode(bytes.span, into: &span, in: context ?? Self.context(count))
        return numbers
    }

    @Test func `Every stage of the catalogs is tried here`() {
        let words = Set(Self.texts.flatMap { $0.split(separator: " ").map(String.init) })
        #expect(UpdateCodecs.standard.descriptions.map(\.name).allSatisfy { words.contains($0) })
    }

    @Test func `Codes are unique, and none is that of plain numbers or of a sum`() throws {
        let codes = try ["f16", "deflate", "int8"].map { try UpdateCodecs.standard.codec($0).code }
        #expect(Set(codes).count == codes.count && codes.allSatisfy { $0 >= 2 })
    }

    @Test(arguments: texts, [0, 1, 2, 9, 1000])
    func `Encodings fit, are alike whenever they are made, and decode`(text: String, count: Int) throws {
        let codec = try UpdateCodecs.standard.codec(text)
        let numbers = Self.numbers(count)
        let bytes = Self.encoded(numbers, by: codec)
        let capacity = codec.capacity(count: count, tensors: Self.context(count).tensors)
        #expect(codec.isFixedLength ? bytes.count == capacity : bytes.count <= capacity)
        #expect(try Self.encoded(numbers, by: UpdateCodecs.standard.codec(text)) == bytes)
        let back = try Self.decoded(bytes, count: count, by: codec)
        #expect(back.allSatisfy { $0.isFinite })
        if codec.isLossless { #expect(back.map(\.bitPattern) == numbers.map(\.bitPattern)) }
        #expect(!codec.isBiased || !codec.isLossless)
    }

    @Test(arguments: texts) func `Every byte of an encoding is counted by what it says`(text: String) throws {
        let codec = try UpdateCodecs.standard.codec(text)
        let bytes = Self.encoded(Self.numbers(1000), by: codec)
        var numbers = [Float](repeating: 0, count: 1000)
        var span = numbers.mutableSpan
        let coded = try codec.decode(bytes.span, into: &span, in: Self.context(1000))
        #expect(coded.total == bytes.count)
        // No code of order 0 is shorter than the entropy; these are not of order 0.
        #expect(["deflate", "zstd", "cabac"].contains { text.contains($0) } || coded.symbols >= coded.entropy)
        let chooses = ["topk", "threshold", "prune"].contains { text.contains($0) }
        #expect((coded.places > 0) == chooses)
    }

    @Test(arguments: texts) func `Zeros stay zeros`(text: String) throws {
        let codec = try UpdateCodecs.standard.codec(text)
        let zeros = [Float](repeating: 0, count: 300)
        #expect(try Self.decoded(Self.encoded(zeros, by: codec), count: 300, by: codec).allSatisfy { $0 == 0 })
    }

    @Test(arguments: texts, [Float.nan, .infinity, -.infinity]) func `What is not finite does not become finite`(
        text: String, value: Float
    ) throws {
        let codec = try UpdateCodecs.standard.codec(text)
        var numbers = Self.numbers(40)
        numbers[17] = value
        let bytes = Self.encoded(numbers, by: codec)
        if codec.isFixedLength { #expect(bytes.count == codec.capacity(count: 40, tensors: Self.context(40).tensors)) }
        let back = try Self.decoded(bytes, count: 40, by: codec)
        #expect(!back.allSatisfy { $0.isFinite })
    }

    @Test(arguments: texts) func `Damaged bytes are refused or read, and never trap`(text: String) throws {
        let codec = try UpdateCodecs.standard.codec(text)
        let bytes = Self.encoded(Self.numbers(200), by: codec)
        var random = RandomStream(seed: 3, .initialization)
        for _ in 0..<400 {
            var damaged = bytes
            switch random.integer(below: 3) {
            case 0:
                for _ in 0...random.integer(below: 3) {
                    damaged[random.integer(below: damaged.count)] ^= UInt8(1 + random.integer(below: 255))
                }
            case 1: damaged.removeLast(1 + random.integer(below: damaged.count))
            default: damaged += (0...random.integer(below: 40)).map { UInt8(truncatingIfNeeded: $0) }
            }
            let read = try? Self.decoded(damaged, count: 200, by: codec)
            #expect(read == nil || damaged.count <= bytes.count, "bytes behind the end are refused")
        }
    }

    @Test(arguments: texts) func `Bytes of another codec are refused or read, and never trap`(text: String) throws {
        let codec = try UpdateCodecs.standard.codec(text)
        for other in Self.texts {
            let bytes = Self.encoded(Self.numbers(100), by: try UpdateCodecs.standard.codec(other))
            _ = try? Self.decoded(bytes, count: 100, by: codec)
        }
    }
}
