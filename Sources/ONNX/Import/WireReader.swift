import FedCore

/// The fields of a message in the wire format of protocol buffers, one after the other. Every length is checked against
/// the bytes that are there; nothing recurses (https://protobuf.dev/programming-guides/encoding).
///
/// ```swift
/// var reader = WireReader(bytes)
/// while let (field, value) = try reader.next() {
///     if field == 1 { name = try value.text() }
/// }
/// ```
struct WireReader {
    /// A field's value, by its wire type; what it means, the message's definition says.
    enum Value {
        /// Wire type 0: a whole number or an enumerator; a negative number as its 64 bits.
        case varint(UInt64)
        /// Wire type 5: the bits of a float.
        case fixed32(UInt32)
        /// Wire type 1: the bits of a double.
        case fixed64(UInt64)
        /// Wire type 2: a text, bytes, a message, or packed numbers.
        case bytes(ArraySlice<UInt8>)
    }

    /// What was not read yet; shares the file's memory.
    private var rest: ArraySlice<UInt8>

    /// Begins a message.
    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; nil at the end.
    /// - Returns: the field's number and its value, whatever the message's definition says of that number.
    /// - Throws: `ConfigurationError` when the bytes are no field, or of a group (wire types 3 and 4), which ONNX has
    ///   none of.
    mutating func next() throws(ConfigurationError) -> (field: UInt64, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let key = try varint()
        let value: Value
        switch key & 7 {
        case 0: value = .varint(try varint())
        case 1: value = .fixed64(try littleEndian(8))
        case 2: value = .bytes(try take(try varint()))
        case 5: value = .fixed32(UInt32(truncatingIfNeeded: try littleEndian(4)))
        default: throw Self.damaged
        }
        return (key >> 3, value)
    }

    /// The numbers of a packed field of varints.
    /// - Throws: `ConfigurationError` when the last one is cut off.
    static func varints(_ bytes: ArraySlice<UInt8>) throws(ConfigurationError) -> [Int] {
        var reader = WireReader(bytes)
        var numbers: [Int] = []
        while !reader.rest.isEmpty { numbers.append(Int(truncatingIfNeeded: try reader.varint())) }
        return numbers
    }

    /// What is said of bytes that are no message of ONNX.
    static let damaged = ConfigurationError("it is damaged, or no ONNX file")

    /// A number of seven bits in a byte, the lowest first, of ten bytes at most; the top bit says that more follow.
    /// - Throws: `ConfigurationError` when it has no end.
    private mutating func varint() throws(ConfigurationError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64, let byte = rest.popFirst() {
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Self.damaged
    }

    /// The next bytes, without a copy.
    /// - Throws: `ConfigurationError` when there are not so many.
    private mutating func take(_ count: UInt64) throws(ConfigurationError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw Self.damaged }
        let taken = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        return taken
    }

    /// A number of so many bytes, the lowest first.
    /// - Parameter count: 4 or 8.
    /// - Throws: `ConfigurationError` when there are not so many.
    private mutating func littleEndian(_ count: UInt64) throws(ConfigurationError) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension WireReader.Value {
    /// The field as bytes, or as a message.
    /// - Throws: `ConfigurationError` when it is of another wire type, as all of these.
    func bytes() throws(ConfigurationError) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = self else { throw WireReader.damaged }
        return bytes
    }

    /// The field as a text; what is no UTF-8 in it becomes U+FFFD.
    func text() throws(ConfigurationError) -> String { String(decoding: try bytes(), as: UTF8.self) }

    /// The field as a whole number, signed.
    func integer() throws(ConfigurationError) -> Int {
        guard case .varint(let number) = self else { throw WireReader.damaged }
        return Int(truncatingIfNeeded: number)
    }

    /// The field as a float.
    func float() throws(ConfigurationError) -> Float {
        guard case .fixed32(let bits) = self else { throw WireReader.damaged }
        return Float(bitPattern: bits)
    }

    /// The numbers of a repeated field, packed or one of them.
    func integers() throws(ConfigurationError) -> [Int] {
        guard case .bytes(let bytes) = self else { return [try integer()] }
        return try WireReader.varints(bytes)
    }
}
