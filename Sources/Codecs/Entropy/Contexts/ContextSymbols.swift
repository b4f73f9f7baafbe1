public import FedCore

/// Arithmetic coding of each symbol with what its row, its column and its neighbours have been so far: fewer bits than
/// the entropy of order 0 where large numbers of a matrix lie together. A plane that would not become shorter is packed
/// as it is.
///
/// Symbols are told by their distance from the most frequent one, bit by bit, after S. Wiedemann et al., *DeepCABAC: A
/// Universal Compression Algorithm for Deep Neural Networks*, IEEE JSTSP 14(4), 2020, arXiv:1907.11900; the expectations
/// of row, column, neighbours and tensor are mixed (``ProbabilityMixer``).
///
/// ```
/// plane   0  1, or 0 of a plane that is packed   1  most frequent symbol UInt8   2  part of the others UInt16   4  bytes UInt32
///         8  the bytes
/// ```
public struct ContextSymbols: EntropyStage {
    public static let name = "cabac"
    public static let summary =
        "symbols by what their row, column and neighbours are: the fewest bits, at a tenth to a fifth of rans' speed"
    public static let paper = "Wiedemann et al., DeepCABAC, JSTSP 2020; Mahoney, Florida Tech CS-2005-16"

    /// Bytes of a plane before the code.
    private static let headerBytes = 8

    /// Takes no arguments.
    public init(_ reader: inout OptionReader) {}

    /// False: what is expected takes less.
    public var isFixedLength: Bool { false }

    /// A byte more than packed symbols for each plane: one that would be longer is packed.
    public func capacity(count: Int, planes: Int, alphabet: Int) -> Int {
        planes * (1 + PackedSymbols.byteCount(count, alphabet: alphabet))
    }

    /// The tensors of a plane's symbols: those of the numbers, where there is a symbol for each.
    private static func tensors(_ tensors: [CodecTensor], count: Int) -> [CodecTensor] {
        tensors.last?.range.upperBound == count ? tensors : [CodecTensor(0..<count)]
    }

    /// Codes each plane with a model of its own. O(symbols); allocates a copy of a plane and its code.
    /// - Precondition: `bytes` has as many as the capacity says.
    public func encode(
        _ symbols: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into bytes: inout MutableSpan<UInt8>
    ) -> Int {
        let tensors = Self.tensors(tensors, count: symbols.count / planes)
        return PackedSymbols.encodePlanes(symbols, planes: planes, alphabet: alphabet, into: &bytes) {
            plane, limit, bytes, start in
            Self.code(plane, alphabet: alphabet, tensors, below: limit, into: &bytes, at: start)
        }
    }

    /// Codes a plane.
    /// - Parameter limit: bytes that it has to stay below, the first one not counted.
    /// - Returns: index of the byte behind it; nil when it would be too long.
    private static func code(
        _ symbols: Span<UInt8>, alphabet: Int, _ tensors: [CodecTensor], below limit: Int,
        into bytes: inout MutableSpan<UInt8>, at start: Int
    ) -> Int? {
        guard limit > headerBytes else { return nil }
        let counts = CodedBytes.counts(of: symbols)
        guard let most = counts.max(), let center = counts.firstIndex(of: most) else { return nil }
        let others = (symbols.count - most) * 65_535 / symbols.count
        var model = ContextModel(center: center, others: others)
        var coder = BinaryEncoder(capacity: limit)
        var memory = [UInt8](repeating: 0, count: symbols.count)
        var copy = memory.mutableSpan
        for i in 0..<symbols.count { copy[unchecked: i] = symbols[unchecked: i] }
        for tensor in tensors {
            model.code(tensor, of: &copy, largest: alphabet - 1, by: &coder) { $0.bytes.count >= limit }
            guard coder.bytes.count < limit else { return nil }
        }
        let code = coder.finish()
        guard code.count + headerBytes <= limit else { return nil }
        bytes[start] = 1
        bytes[start + 1] = UInt8(center)
        bytes[start + 2] = UInt8(truncatingIfNeeded: others)
        bytes[start + 3] = UInt8(truncatingIfNeeded: others >> 8)
        bytes.put(UInt32(code.count), at: start + 4)
        for i in code.indices { bytes[start + headerBytes + i] = code[i] }
        return start + headerBytes + code.count
    }

    /// Decodes plane by plane. O(symbols), whatever the bytes are.
    /// - Throws: `CodecError` when a plane does not end where it says, or the bytes go on behind the last.
    public func decode(
        _ bytes: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into symbols: inout MutableSpan<UInt8>
    ) throws(CodecError) {
        let tensors = Self.tensors(tensors, count: symbols.count / planes)
        try PackedSymbols.decodePlanes(bytes, planes: planes, alphabet: alphabet, into: &symbols) {
            (start, plane) throws(CodecError) in
            guard bytes[start] == 1 else { throw CodecError("has no symbols where they should begin") }
            return try Self.decode(bytes, at: start, alphabet: alphabet, tensors, into: &plane)
        }
    }

    /// Decodes a plane.
    /// - Returns: index of the byte behind it.
    private static func decode(
        _ bytes: Span<UInt8>, at start: Int, alphabet: Int, _ tensors: [CodecTensor],
        into symbols: inout MutableSpan<UInt8>
    ) throws(CodecError) -> Int {
        let first = start + headerBytes
        guard first <= bytes.count else { throw CodecError("ends before its symbols") }
        let length = Int(bytes.word(at: start + 4))
        guard length <= bytes.count - first else { throw CodecError("ends within its symbols") }
        let others = Int(bytes[start + 2]) | Int(bytes[start + 3]) << 8
        var model = ContextModel(center: Int(bytes[start + 1]), others: others)
        var code: [UInt8] = []
        code.reserveCapacity(length)
        for i in first..<first + length { code.append(bytes[unchecked: i]) }
        var coder = BinaryDecoder(code, at: 0)
        for tensor in tensors {
            model.code(tensor, of: &symbols, largest: alphabet - 1, by: &coder) { $0.end > length }
            guard coder.end <= length else { throw CodecError("ends within its symbols") }
        }
        guard coder.end == length else { throw CodecError("has \(length - coder.end) bytes behind a plane's symbols") }
        return first + length
    }
}
