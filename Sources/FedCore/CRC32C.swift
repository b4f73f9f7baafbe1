private import CCRC32C

/// The checksum of updates, frames and checkpoints: CRC-32 with Castagnoli's polynomial 0x1EDC6F41, bits reflected,
/// begun and ended with all ones, as iSCSI defines it (RFC 3720, section 12.1 and appendix B.4).
///
/// ```swift
/// var checksum = CRC32C()
/// checksum.update(header.span)
/// checksum.update(weights.span)
/// checksum.value
/// ```
///
/// Finds every damage within 32 bits in a row, and any three wrong bits in a message of less than 256 MiB; of other
/// damage it overlooks one in 2³². It is no defence against somebody who forges messages.
///
/// G. Castagnoli, S. Bräuer, M. Herrmann, *Optimization of Cyclic Redundancy-Check Codes with 24 and 32 Parity Bits*,
/// IEEE Transactions on Communications 41(6), 1993; P. Koopman, *32-Bit Cyclic Redundancy Codes for Internet
/// Applications*, DSN 2002 (the lengths).
public struct CRC32C: Sendable, Equatable {
    /// The register: the message so far modulo the polynomial, the highest power in the lowest bit.
    private var state: UInt32 = 0xFFFF_FFFF

    /// The checksum of nothing.
    public init() {}

    /// The checksum of the bytes so far.
    public var value: UInt32 { ~state }

    /// Appends bytes. O(bytes), with the processor's instruction where it has one.
    public mutating func update(_ bytes: RawSpan) {
        state = Self.hasInstruction ? Self.advanceByInstruction(state, bytes) : Self.advanceByTable(state, bytes)
    }

    /// Appends elements as they lie in memory, in the processor's byte order. O(bytes).
    public mutating func update<Element: BitwiseCopyable>(_ elements: Span<Element>) {
        update(elements.bytes)
    }

    /// The checksum of some bytes in one call. O(bytes).
    public static func of(_ bytes: RawSpan) -> UInt32 {
        var checksum = CRC32C()
        checksum.update(bytes)
        return checksum.value
    }
}

// With tables: eight bytes at a time, each by its own table.
//
// M. E. Kounavis, F. L. Berry, *Novel Table Lookup-Based Algorithms for High-Performance CRC Generation*, IEEE
// Transactions on Computers 57(11), 2008.
extension CRC32C {
    /// The register after some bytes, on any processor. O(bytes).
    /// - Parameter start: register before them.
    static func advanceByTable(_ start: UInt32, _ bytes: RawSpan) -> UInt32 {
        let tables = Self.tables.span
        var state = start
        var i = 0
        while i + 8 <= bytes.byteCount {
            let word = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: i, as: UInt64.self))
            let mixed = word ^ UInt64(state)
            state = 0
            for byte in 0..<8 {
                state ^= tables[unchecked: (7 - byte) << 8 | Int(mixed >> UInt64(8 * byte) & 0xFF)]
            }
            i += 8
        }
        while i < bytes.byteCount {
            let byte = bytes.unsafeLoad(fromByteOffset: i, as: UInt8.self)
            state = state >> 8 ^ tables[unchecked: Int((state ^ UInt32(byte)) & 0xFF)]
            i += 1
        }
        return state
    }

    /// `tables[256 · k + b]` is the register after byte `b` and `k` zero bytes, started at 0. 8 KB, made at the first
    /// use.
    private static let tables: [UInt32] = {
        var tables: [UInt32] = []
        for byte in 0..<256 {
            var state = UInt32(byte)
            for _ in 0..<8 { state = state >> 1 ^ (state & 1 == 1 ? 0x82F6_3B78 : 0) }
            tables.append(state)
        }
        for i in 256..<8 * 256 {
            let previous = tables[i - 256]
            tables.append(previous >> 8 ^ tables[Int(previous & 0xFF)])
        }
        return tables
    }()
}

// With the processor's instruction: three blocks at the same time, joined at their ends.
extension CRC32C {
    /// Whether this processor has the instruction: SSE 4.2 on x86, the CRC extension on Arm.
    static let hasInstruction = crc32c_has_instruction()

    /// Bytes of one of three blocks that are hashed at the same time. Longer blocks are joined less often; three of
    /// these are the least message that gains by it.
    private static let blockBytes = 2048

    /// The register after some bytes, by the instruction.
    ///
    /// The instruction takes three cycles, but one can begin in each cycle: with three independent registers none
    /// waits for the other.
    /// - Parameter start: register before the bytes.
    /// - Precondition: `hasInstruction`.
    static func advanceByInstruction(_ start: UInt32, _ bytes: RawSpan) -> UInt32 {
        // C takes addresses; they do not leave the closure.
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return start }
            var state = start
            var position = 0
            while bytes.count - position >= 3 * blockBytes {
                var states: (UInt32, UInt32, UInt32) = (state, 0, 0)
                withUnsafeMutableBytes(of: &states) { states in
                    crc32c_three(states.assumingMemoryBound(to: UInt32.self).baseAddress, base + position, blockBytes)
                }
                // Over GF(2) the register is linear in what it starts from: a later block's register, begun at 0, only
                // lacks what the earlier ones become after that block's length in zeros.
                state = afterZeroBlock(afterZeroBlock(states.0) ^ states.1) ^ states.2
                position += 3 * blockBytes
            }
            return crc32c_bytes(state, base + position, bytes.count - position)
        }
    }

    /// The register after `blockBytes` more zero bytes: four look-ups in place of 2048 steps.
    private static func afterZeroBlock(_ state: UInt32) -> UInt32 {
        let table = zeroBlockTable.span
        var result: UInt32 = 0
        for byte in 0..<4 { result ^= table[unchecked: byte << 8 | Int(state >> UInt32(8 * byte) & 0xFF)] }
        return result
    }

    /// `zeroBlockTable[256 · k + b]` is what byte `k` of the register, being `b`, contributes after `blockBytes` zeros.
    private static let zeroBlockTable: [UInt32] = {
        let zeros = [UInt8](repeating: 0, count: blockBytes)
        let ofBit: [UInt32] = (0..<32).map { advanceByTable(1 << UInt32($0), zeros.span.bytes) }
        var table = [UInt32](repeating: 0, count: 4 * 256)
        for index in table.indices {
            for bit in 0..<8 where index >> bit & 1 == 1 { table[index] ^= ofBit[(index >> 8) * 8 + bit] }
        }
        return table
    }()
}
