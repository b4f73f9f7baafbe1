/// A message in the wire format of protocol buffers, to be written: each field is its number and its wire type, then
/// its value (https://protobuf.dev/programming-guides/encoding).
public struct ProtocolBuffer: Sendable {
    /// The message so far.
    public private(set) var bytes: [UInt8] = []

    /// Makes an empty message.
    public init() {}

    /// Appends a whole number or an enumerator (wire type 0, a varint).
    public mutating func add(field: UInt64, integer: UInt64) {
        add(varint: field << 3)
        add(varint: integer)
    }

    /// Appends a whole number of eight bytes (`fixed64`, wire type 1).
    public mutating func add(field: UInt64, fixed: UInt64) {
        add(varint: field << 3 | 1)
        add(littleEndian: fixed)
    }

    /// Appends numbers of eight bytes each, packed (`fixed64`, or doubles by their bits; wire type 2); none leave the
    /// field out.
    public mutating func add(field: UInt64, packed list: [UInt64]) {
        guard !list.isEmpty else { return }
        add(varint: field << 3 | 2)
        add(varint: UInt64(8 * list.count))
        for word in list { add(littleEndian: word) }
    }

    /// Appends a double (wire type 1, eight bytes).
    public mutating func add(field: UInt64, double: Double) {
        add(varint: field << 3 | 1)
        add(littleEndian: double.bitPattern)
    }

    /// Appends a float (wire type 5, four bytes).
    public mutating func add(field: UInt64, float: Float) {
        add(varint: field << 3 | 5)
        add(littleEndian: float.bitPattern)
    }

    /// Appends a text in UTF-8, bytes, or the bytes of a message within this one (wire type 2, length first).
    public mutating func add(field: UInt64, _ content: [UInt8]) {
        add(varint: field << 3 | 2)
        add(varint: UInt64(content.count))
        bytes += content
    }

    /// Appends a varint: seven bits in a byte, the lowest first; the top bit says that more follow.
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
