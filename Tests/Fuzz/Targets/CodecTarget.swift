import Codecs
import FedCore

/// Encodings of updates by pipelines of every stage, without the envelope whose checksum guards them: a damaged one may
/// say something else, but is written to the numbers that were asked for and to no others.
struct CodecTarget: FuzzTarget {
    let name = "codecs"
    let seeds: [[UInt8]]
    /// Numbers and places, where a pipeline has them: behind the first byte.
    let fields = [Field(offset: 0, width: 1), Field(offset: 1, width: 4), Field(offset: 5, width: 1)]

    /// The codec of each seed.
    private let codecs: [any UpdateCodec]
    /// What each seed decodes to.
    private let originals: [[UInt32]]
    private static let context = CodecContext(
        tensors: [
            CodecTensor(0..<40), CodecTensor(40..<41), CodecTensor(41..<297, rows: 16), CodecTensor(297..<count),
        ],
        seed: 7, round: 3, client: 2)
    private static let count = 300
    /// Numbers before and behind those that are decoded, which must stay as they are.
    private static let margin = 64

    init() throws {
        let texts = [
            "deadzone 10% | cabac", "int8 | cabac", "f16", "deflate", "rans", "topk 10% | int8 | rans",
            "topk 10% by=tensor | ternary", "threshold 0.01 | int4",
            "randk 10% | bf16 | deflate", "prune 30% | int2 | rans", "qsgd 4 bucket=64 | rans", "sign", "eden 1",
            "eden 5 | rans", "kmeans 6", "topk 40 | eden 3", "powersgd 2 | bf16", "powersgd 3 | topk 30% | int8 | rans",
            "sketch 15% | bf16", "int8 | zstd",
        ]
        var random = RandomStream(seed: 5, .synthesis)
        let numbers = (0..<Self.count).map { _ in Float(random.normal()) * 0.01 }
        codecs = try texts.map { try UpdateCodecs.standard.codec($0) }
        seeds = codecs.map { codec in
            let capacity = codec.capacity(count: Self.count, tensors: Self.context.tensors)
            var bytes = [UInt8](repeating: 0, count: capacity)
            var span = bytes.mutableSpan
            let length = codec.encode(numbers.span, into: &span, in: Self.context)
            return Array(bytes.prefix(length))
        }
        originals = try zip(codecs, seeds).map { try Self.decoded($1, by: $0) }
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        do {
            return try Self.decoded(input, by: codecs[seed]) == originals[seed] ? .equal : .different
        } catch is CodecError {
            return .refused
        }
    }

    /// The bits of the numbers that bytes decode to.
    private static func decoded(_ bytes: [UInt8], by codec: any UpdateCodec) throws -> [UInt32] {
        var memory = [Float](repeating: 9, count: count + 2 * margin)
        var span = memory.mutableSpan
        var numbers = span.part(margin..<margin + count)
        try codec.decode(bytes.span, into: &numbers, in: context)
        let beside = memory[..<margin] + memory[(margin + count)...]
        try Violation.require(beside.allSatisfy { $0 == 9 }, "\(codec.description) has written beside its numbers")
        return memory[margin..<margin + count].map(\.bitPattern)
    }
}
