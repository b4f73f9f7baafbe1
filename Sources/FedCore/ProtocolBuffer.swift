/// A message in the wire format of protocol buffers, to be written: each field is its number and its wire type, then its
/// value (https://protobuf.dev/programming-guides/encoding).
public struct ProtocolBuffer: Sendable {
    public private(set) var bytes: [UInt8] = []

    public init() {}

    public mutating func add(field: UInt64, integer: UInt64) {
        add(varint: field << 3)
        add(varint: integer)
    }

    public mutating func add(field: UInt64, double: Double) {
        add(varint: field << 3 | 1)
        add(littleEndian: double.bitPattern)
    }

    public mutating func add(field: UInt64, float: Float) {
        add(varint: field << 3 | 5)
        add(littleEndian: float.bitPattern)
    }

    /// A text, bytes, or a message within this one.
    public mutating func add(field: UInt64, _ content: [UInt8]) {
        add(varint: field << 3 | 2)
        add(varint: UInt64(content.count))
        bytes += content
    }

    /// Seven bits a byte, the lowest first; the top bit says that more follow.
    private mutating func add(varint value: UInt64) {
        var rest = value
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    private mutating func add<Word: FixedWidthInteger>(littleEndian word: Word) {
        for i in 0..<Word.bitWidth / 8 { bytes.append(UInt8(truncatingIfNeeded: word >> (8 * i))) }
    }
}
