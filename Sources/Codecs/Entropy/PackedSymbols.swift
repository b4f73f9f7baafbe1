import FedCore

/// Symbols of a fixed number of bits, one behind the other, the low bits first, each plane from a whole byte on: what a
/// pipeline without an entropy stage does.
///
/// 1,000 symbols of 16 kinds are 500 bytes, those of 3 kinds 250: two bits each, as of 4 kinds.
struct PackedSymbols: EntropyStage {
    static let name = "packed"
    static let summary = "as many bits as the symbols need"

    /// Makes the stage that a pipeline has when no other packs its symbols.
    init() {}
    /// Takes no arguments.
    init(_ reader: inout OptionReader) {}

    /// True: the number of symbols and their alphabet say it.
    var isFixedLength: Bool { true }

    /// Bits of a symbol of this alphabet: ⌈log₂ alphabet⌉, but at least 1.
    static func bits(_ alphabet: Int) -> Int { max(Int.bitWidth - (alphabet - 1).leadingZeroBitCount, 1) }

    /// Bytes of a plane of so many symbols; the bits that fill the last one are zeros.
    static func byteCount(_ count: Int, alphabet: Int) -> Int { (count * bits(alphabet) + 7) / 8 }

    /// The length of every packing.
    func capacity(count: Int, planes: Int, alphabet: Int) -> Int {
        planes * Self.byteCount(count, alphabet: alphabet)
    }

    /// Packs plane by plane. O(symbols).
    /// - Precondition: `bytes` has as many as the capacity says.
    func encode(
        _ symbols: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into bytes: inout MutableSpan<UInt8>
    ) -> Int {
        let count = symbols.count / planes
        let length = Self.byteCount(count, alphabet: alphabet)
        for plane in 0..<planes {
            var part = bytes.part(plane * length..<(plane + 1) * length)
            Self.pack(symbols.extracting(plane * count..<(plane + 1) * count), alphabet: alphabet, into: &part)
        }
        return planes * length
    }

    /// Unpacks plane by plane. O(symbols). A symbol may be one that the alphabet does not have, where this is no power
    /// of two.
    /// - Throws: `CodecError` when there are more or fewer bytes than so many symbols take.
    func decode(
        _ bytes: Span<UInt8>, planes: Int, alphabet: Int, tensors: [CodecTensor],
        into symbols: inout MutableSpan<UInt8>
    ) throws(CodecError) {
        let count = symbols.count / planes
        let length = Self.byteCount(count, alphabet: alphabet)
        guard bytes.count == planes * length else {
            throw CodecError("has \(bytes.count) bytes of symbols, not \(planes * length)")
        }
        for plane in 0..<planes {
            var part = symbols.part(plane * count..<(plane + 1) * count)
            Self.unpack(bytes.extracting(plane * length..<(plane + 1) * length), alphabet: alphabet, into: &part)
        }
    }

    /// Packs one plane. O(symbols).
    /// - Parameters:
    ///   - symbols: each below `alphabet`: higher bits would run into the next one.
    ///   - alphabet: number of symbols that there are, at most 256.
    ///   - bytes: `[byteCount]`; all are written.
    static func pack(_ symbols: Span<UInt8>, alphabet: Int, into bytes: inout MutableSpan<UInt8>) {
        precondition(bytes.count == byteCount(symbols.count, alphabet: alphabet))
        // With a constant number of bits the compiler unrolls the loops.
        switch bits(alphabet) {
        case 1: pack(symbols, bits: 1, into: &bytes)
        case 2: pack(symbols, bits: 2, into: &bytes)
        case 4: pack(symbols, bits: 4, into: &bytes)
        case 8: for i in 0..<symbols.count { bytes[unchecked: i] = symbols[unchecked: i] }
        case let bits: pack(symbols, bits: bits, into: &bytes)
        }
    }

    /// Unpacks one plane; the bits that fill the last byte are not looked at. O(symbols).
    /// - Parameters:
    ///   - bytes: `[byteCount]`.
    ///   - alphabet: number of symbols that there are, at most 256.
    ///   - symbols: all are written.
    static func unpack(_ bytes: Span<UInt8>, alphabet: Int, into symbols: inout MutableSpan<UInt8>) {
        precondition(bytes.count == byteCount(symbols.count, alphabet: alphabet))
        switch bits(alphabet) {
        case 1: unpack(bytes, bits: 1, into: &symbols)
        case 2: unpack(bytes, bits: 2, into: &symbols)
        case 4: unpack(bytes, bits: 4, into: &symbols)
        case 8: for i in 0..<bytes.count { symbols[unchecked: i] = bytes[unchecked: i] }
        case let bits: unpack(bytes, bits: bits, into: &symbols)
        }
    }

    /// Packs symbols of so many bits: eight of b bits are b bytes.
    @inline(__always)
    private static func pack(_ symbols: Span<UInt8>, bits: Int, into bytes: inout MutableSpan<UInt8>) {
        var place = 0
        var first = 0
        while first &+ 8 <= symbols.count {
            var word: UInt64 = 0
            for i in 0..<8 { word |= UInt64(symbols[unchecked: first &+ i]) &<< UInt64(bits &* i) }
            for i in 0..<bits { bytes[unchecked: place &+ i] = UInt8(truncatingIfNeeded: word &>> UInt64(8 &* i)) }
            place &+= bits
            first &+= 8
        }
        var word: UInt64 = 0
        for i in first..<symbols.count { word |= UInt64(symbols[unchecked: i]) &<< UInt64(bits &* (i &- first)) }
        for i in place..<bytes.count {
            bytes[unchecked: i] = UInt8(truncatingIfNeeded: word &>> UInt64(8 &* (i &- place)))
        }
    }

    /// Unpacks symbols of so many bits.
    @inline(__always)
    private static func unpack(_ bytes: Span<UInt8>, bits: Int, into symbols: inout MutableSpan<UInt8>) {
        let mask = UInt8(truncatingIfNeeded: 1 << bits - 1)
        var place = 0
        var first = 0
        while first &+ 8 <= symbols.count {
            var word: UInt64 = 0
            for i in 0..<bits { word |= UInt64(bytes[unchecked: place &+ i]) &<< UInt64(8 &* i) }
            for i in 0..<8 {
                symbols[unchecked: first &+ i] = UInt8(truncatingIfNeeded: word &>> UInt64(bits &* i)) & mask
            }
            place &+= bits
            first &+= 8
        }
        var word: UInt64 = 0
        for i in place..<bytes.count { word |= UInt64(bytes[unchecked: i]) &<< UInt64(8 &* (i &- place)) }
        for i in first..<symbols.count {
            symbols[unchecked: i] = UInt8(truncatingIfNeeded: word &>> UInt64(bits &* (i &- first))) & mask
        }
    }
}

// Planes of an entropy stage: each coded, or packed behind a byte 0 where that is shorter.
extension PackedSymbols {
    /// Writes plane after plane.
    /// - Parameters:
    ///   - symbols: plane by plane, each below `alphabet`.
    ///   - planes: number of planes, equally long.
    ///   - alphabet: number of symbols that there are.
    ///   - bytes: at least one more for each plane than packed symbols take.
    ///   - code: codes a plane from an index of the bytes on, if it stays below so many bytes with its first, which is
    ///     not 0; gives the index behind it, or nil.
    /// - Returns: index of the byte behind the last plane.
    static func encodePlanes(
        _ symbols: Span<UInt8>, planes: Int, alphabet: Int, into bytes: inout MutableSpan<UInt8>,
        by code: (_ plane: Span<UInt8>, _ limit: Int, inout MutableSpan<UInt8>, _ start: Int) -> Int?
    ) -> Int {
        let count = symbols.count / planes
        let packed = byteCount(count, alphabet: alphabet)
        var end = 0
        for plane in 0..<planes {
            let part = symbols.extracting(plane * count..<(plane + 1) * count)
            if let coded = code(part, packed, &bytes, end) {
                end = coded
                continue
            }
            bytes[end] = 0
            var place = bytes.part(end + 1..<end + 1 + packed)
            pack(part, alphabet: alphabet, into: &place)
            end += 1 + packed
        }
        return end
    }

    /// Reads what ``encodePlanes(_:planes:alphabet:into:by:)`` wrote, without trusting it.
    /// - Parameters:
    ///   - bytes: those that were written, and none behind them.
    ///   - planes: number of planes, equally long.
    ///   - alphabet: number of symbols that there are.
    ///   - symbols: as many as were written; where nothing is thrown, all are set.
    ///   - code: decodes a plane whose first byte, at the index, is not 0; gives the index behind it.
    /// - Throws: `CodecError` when the bytes end before the symbols or go on behind them, and what `code` throws.
    static func decodePlanes(
        _ bytes: Span<UInt8>, planes: Int, alphabet: Int, into symbols: inout MutableSpan<UInt8>,
        by code: (_ start: Int, inout MutableSpan<UInt8>) throws(CodecError) -> Int
    ) throws(CodecError) {
        let count = symbols.count / planes
        let packed = byteCount(count, alphabet: alphabet)
        var end = 0
        for plane in 0..<planes {
            guard end < bytes.count else { throw CodecError("ends before its symbols") }
            var part = symbols.part(plane * count..<(plane + 1) * count)
            guard bytes[end] == 0 else {
                end = try code(end, &part)
                continue
            }
            guard bytes.count >= end + 1 + packed else { throw CodecError("ends within its symbols") }
            unpack(bytes.extracting(end + 1..<end + 1 + packed), alphabet: alphabet, into: &part)
            end += 1 + packed
        }
        guard end == bytes.count else { throw CodecError("has \(bytes.count - end) bytes behind its symbols") }
    }
}
