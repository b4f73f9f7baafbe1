// compression-throughput [PARAMETERS] [PIPELINE…]
//
// Bytes, square error and time of encoding and decoding for each pipeline of --compress, on an update as training makes
// them: normal numbers, each tensor with a size of its own. Best of some, on the processor, per byte of floats.
import Codecs
import FedCore
import Glibc

func measure() throws {
    let arguments = CommandLine.arguments.dropFirst()
    let count = arguments.compactMap { Int($0) }.first ?? 1_199_882
    let chosen = arguments.filter { Int($0) == nil }
    let pipelines =
        chosen.isEmpty
        ? [
            "f16", "deflate", "bf16", "int8", "int4", "int2", "qsgd 4", "sign", "eden 1", "eden 4", "eden 8",
            "kmeans 16",
            "topk 1%", "topk 10%", "topk 1% by=tensor", "threshold 0.02", "randk 1%", "prune 30%",
            "topk 1% | int8 | rans",
            "topk 1% | ternary", "powersgd 4", "powersgd 4 | int8", "sketch 1%", "int8 | rans", "int4 | rans",
            "int4 | cabac", "deadzone 5.5% | rans", "deadzone 5.5% | cabac",
            "int8 | deflate", "int8 | zstd 1", "int8 | zstd 3", "prune 30% | int8 | rans", "rans",
        ] : Array(chosen)
    // Eight matrices, of which the later are the larger, and vectors of what is left over.
    let ends = (0...8).map { count * $0 * $0 / 64 }
    var tensors: [CodecTensor] = []
    for (start, end) in zip(ends, ends.dropFirst()) {
        let whole = (end - start) / 64 * 64
        tensors += [CodecTensor(start..<start + whole, rows: 64), CodecTensor(start + whole..<end)]
    }
    tensors.removeAll { $0.range.isEmpty }
    var random = RandomStream(seed: 1, .synthesis)
    var numbers: [Float] = []
    for (i, tensor) in tensors.enumerated() {
        for _ in tensor.range { numbers.append(Float(random.normal()) * 0.01 / Float(i / 2 + 1)) }
    }
    let context = CodecContext(tensors: tensors, seed: 42, round: 1, client: 0)
    let bytes = Double(4 * count)
    let norm = numbers.reduce(0.0) { $0 + Double($1) * Double($1) }

    /// Processor seconds of the fastest of a few.
    func seconds(_ body: () throws -> Void) rethrows -> Double {
        var best = Double.infinity
        for _ in 0..<5 {
            let start = clock()
            try body()
            best = min(best, Double(clock() - start) / Double(CLOCKS_PER_SEC))
        }
        return best
    }
    func text(_ number: Double, _ digits: Double = 100) -> String { "\((number * digits).rounded() / digits)" }

    print("\(count) numbers, \(Int(bytes)) bytes")
    for name in pipelines {
        let codec = try UpdateCodecs.standard.codec(name)
        var encoding = [UInt8](repeating: 0, count: codec.capacity(count: count, tensors: tensors))
        var decoded = [Float](repeating: 0, count: count)
        var length = 0
        let encodeSeconds = seconds {
            var span = encoding.mutableSpan
            length = codec.encode(numbers.span, into: &span, in: context)
        }
        let decodeSeconds = try seconds {
            var span = decoded.mutableSpan
            try codec.decode(encoding.span.extracting(0..<length), into: &span, in: context)
        }
        let error = zip(numbers, decoded).reduce(0.0) { $0 + Double($1.0 - $1.1) * Double($1.0 - $1.1) } / norm
        print(
            "\(name): \(length) bytes, \(text(bytes / Double(length), 10))x, error \(text(error, 1e6)),",
            "encode \(text(bytes / encodeSeconds / 1e9)) GB/s, decode \(text(bytes / decodeSeconds / 1e9)) GB/s")
    }
}

do {
    try measure()
} catch {
    print("compression-throughput: \(error)")
    exit(2)
}
