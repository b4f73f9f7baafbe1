import FedCore

#if _endian(big)
#error("weights cross between ranks as they lie in memory, and docs/WIRE.md says little-endian")
#endif

// Fields of messages: integers in the byte order of the wire, at any offset.

extension Span where Element == UInt8 {
    /// Reads the integer at a byte offset, which needs no alignment, in the wire's little-endian order.
    /// - Precondition: it lies within the span.
    package func load<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type, at offset: Int) -> Word {
        Word(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }

    /// The CRC-32C of all the bytes, with the four at `offset`, the checksum's own field, taken as 0: what sender and
    /// receiver both compute over an envelope or a frame.
    /// - Parameter offset: offset of the field, in bytes.
    /// - Complexity: O(bytes), by the processor's CRC instruction where it has one.
    package func checksum(withFieldAt offset: Int) -> UInt32 {
        let aligned = (offset + 4).roundedUp(toMultipleOf: 64)
        var checksum = CRC32C()
        checksum.update(extracting(..<offset))
        checksum.update([UInt8](repeating: 0, count: 4).span)
        checksum.update(extracting(offset + 4..<Swift.min(aligned, count)))
        checksum.update(extracting(Swift.min(aligned, count)...))
        return checksum.value
    }
}

extension MutableSpan where Element == UInt8 {
    /// Writes an integer at a byte offset, which needs no alignment, in the wire's little-endian order.
    /// - Precondition: it lies within the span.
    package mutating func store<Word: FixedWidthInteger & BitwiseCopyable>(_ word: Word, at offset: Int) {
        var bytes = mutableBytes
        bytes.storeBytes(of: word.littleEndian, toByteOffset: offset, as: Word.self)
    }
}

extension Int {
    /// The least multiple of a unit that is not less; for numbers ≥ 0.
    package func roundedUp(toMultipleOf unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
