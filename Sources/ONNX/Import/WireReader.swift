import FedCore

/// The fields of a message in the wire format of protocol buffers, one after the other. Every length is checked against the
/// bytes that are there; nothing recurses (https://protobuf.dev/programming-guides/encoding).
struct WireReader {
    /// A field's value, by its wire type.
    enum Value {
        case varint(UInt64)
        case fixed32(UInt32)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field; nil at the end.
    /// - Throws: `ConfigurationError` when the bytes are no field.
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
    static func varints(_ bytes: ArraySlice<UInt8>) throws(ConfigurationError) -> [Int] {
        var reader = WireReader(bytes)
        var numbers: [Int] = []
        while !reader.rest.isEmpty { numbers.append(Int(truncatingIfNeeded: try reader.varint())) }
        return numbers
    }

    static let damaged = ConfigurationError("it is damaged, or no ONNX file")

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

    private mutating func take(_ count: UInt64) throws(ConfigurationError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw Self.damaged }
        let taken = rest.prefix(Int(count))
        rest = rest.dropFirst(Int(count))
        return taken
    }

    private mutating func littleEndian(_ count: UInt64) throws(ConfigurationError) -> UInt64 {
        try take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}

extension WireReader.Value {
    /// The field as bytes, or as a message.
    func bytes() throws(ConfigurationError) -> ArraySlice<UInt8> {
        guard case .bytes(let bytes) = self else { throw WireReader.damaged }
        return bytes
    }

    func text() throws(ConfigurationError) -> String { String(decoding: try bytes(), as: UTF8.self) }

    func integer() throws(ConfigurationError) -> Int {
        guard case .varint(let number) = self else { throw WireReader.damaged }
        return Int(truncatingIfNeeded: number)
    }

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
