import FedCore
import Runtime

/// Writes of an update only what its client has trained, as Float32: of a narrower model as many bytes as that has
/// weights. Client and server know the places alike, from client and round; elsewhere the update is zero, and is read as
/// zero.
struct SubmodelCodec: UpdateCodec {
    /// The models of the run.
    let submodels: Submodels

    var description: String { "submodel" }
    /// The code in an envelope.
    var code: UInt32 { 6 }
    var isLossless: Bool { true }
    var isBiased: Bool { false }
    /// False: narrower models are shorter.
    var isFixedLength: Bool { false }

    /// 4 bytes for each number: the whole model's.
    func capacity(count: Int, tensors: [CodecTensor]) -> Int { 4 * count }

    /// Writes the numbers at the client's places. O(count).
    func encode(_ numbers: Span<Float>, into bytes: inout MutableSpan<UInt8>, in context: CodecContext) -> Int {
        let part = submodels.submodel(ofClient: context.client, round: context.round)
        var place = 0
        for range in part.places {
            for i in range {
                bytes.store(numbers[i].bitPattern, at: place)
                place += 4
            }
        }
        return place
    }

    /// Reads the numbers to the client's places, and zero elsewhere. O(count).
    /// - Throws: `CodecError` when there are more or fewer bytes than the client's model has.
    func decode(
        _ bytes: Span<UInt8>, into numbers: inout MutableSpan<Float>, in context: CodecContext
    ) throws(CodecError) -> CodedBytes {
        let part = submodels.submodel(ofClient: context.client, round: context.round)
        guard bytes.count == 4 * part.count else {
            throw CodecError("has \(bytes.count) bytes, not the \(4 * part.count) of its client's model")
        }
        var values: [Float] = []
        values.reserveCapacity(part.count)
        for i in 0..<part.count { values.append(Float(bitPattern: bytes.load(UInt32.self, at: 4 * i))) }
        part.scatter(values.span, into: &numbers)
        return CodedBytes(symbols: bytes.count, entropy: bytes.count)
    }
}
