import FedCore
import Testing

@testable import Codecs

@Suite struct PipelineGrammarTests {
    private static func codec(_ text: String) throws -> any UpdateCodec { try UpdateCodecs.standard.codec(text) }

    @Test(arguments: [
        ("topk 1%|int8|rans", "topk 1% | int8 | rans"), ("  topk   keep=1%  ", "topk keep=1%"), ("int8", "int8"),
        ("topk 100 by=tensor | rans", "topk 100 by=tensor | rans"), ("f16", "f16"), ("deflate", "deflate"),
        ("qsgd 4 bucket=256", "qsgd 4 bucket=256"), ("qsgd bucket=256 4", "qsgd bucket=256 4"),
    ]) func `Blanks do not count`(text: String, means: String) throws {
        #expect(try Self.codec(text).description == means)
    }

    @Test func `A name alone is the codec of this name, and else a stage`() throws {
        #expect(try Self.codec("f16") is HalfPrecisionUpdates)
        #expect(try Self.codec("deflate") is DeflatedUpdates)
        #expect(try Self.codec("bf16") is CompressionPipeline)
        #expect(try Self.codec("f16 | deflate") is CompressionPipeline)
    }

    @Test(arguments: [
        ("", "an empty stage"), ("int8 |", "an empty stage"), ("f17", "did you mean 'f16'?"),
        ("rans | int8", "'int8' comes behind a stage"), ("int8 | int4", "'int4' comes behind a stage"),
        ("topk 1% | topk 2%", "comes behind a stage"),
    ]) func `Bad grammar is answered with all that is accepted`(text: String, says: String) {
        let error = #expect(throws: ConfigurationError.self) { try Self.codec(text) }
        let line = error?.description ?? ""
        #expect(line.contains(says) && !line.contains("\n"), "\(line)")
        for name in UpdateCodecs.standard.descriptions.map(\.name) { #expect(line.contains(name), "\(name)") }
    }

    @Test(arguments: [
        ("topk", "keep"), ("topk 0%", "percentage"), ("topk 101%", "percentage"), ("topk x", "percentage"),
        ("topk 1% 2%", "no place for '2%'"), ("topk 1% keep=2%", "given twice"), ("int8 4", "no place for '4'"),
        ("topk 1% of=all", "'of'"), ("qsgd 9", "from 2 to 8"), ("eden 0", "from 1 to 8"),
        ("threshold 0", "greater than 0"),
        ("threshold nan", "greater than 0"), ("kmeans 1", "from 2 to 256"), ("ternary", "no stage before it chooses"),
        ("prune 0", "percentage"), ("topk 1% by=layer", "update, tensor"), ("randk 1% scale=2", "true or false"),
        ("topk 1% warmup=17", "from 0 to 16"), ("int8 | zstd 20", "from 1 to 19"),
    ]) func `A bad argument is refused with what it must be`(text: String, says: String) {
        let error = #expect(throws: ConfigurationError.self) { try Self.codec(text) }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
    }

    @Test func `What needs error feedback says so`() throws {
        for text in [
            "topk 1%", "threshold 1", "prune 10%", "sign", "int8", "int4", "int2", "kmeans 4", "randk 1% scale=false",
            "topk 1% | ternary", "randk 1% | int8",
        ] { #expect(try Self.codec(text).isBiased, "\(text)") }
        for text in ["f16", "bf16", "deflate", "rans", "randk 1%", "qsgd 4", "eden 1", "randk 10% | eden 4"] {
            #expect(try !Self.codec(text).isBiased, "\(text)")
        }
    }

    /// Counts are hand-made: 1 % of 214,538 is 2,145.38; 10 % of 30 is 3, not 3.0000000000000004.
    @Test func `A percentage is rounded up`() {
        #expect(Amount("1%")?.of(214_538) == 2146)
        #expect(Amount("10%")?.of(30) == 3)
        #expect(Amount("0.001%")?.of(10) == 1 && Amount("1%")?.of(0) == 0)
        #expect(Amount("7")?.of(5) == 5 && Amount("7")?.of(9) == 7)
        #expect(Amount("100%")?.of(12_345) == 12_345)
    }
}
