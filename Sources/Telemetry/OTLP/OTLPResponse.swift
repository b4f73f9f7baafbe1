/// What a collector says of a request that it has taken: how much of it it did not, and why (`partial_success`).
///
/// A partial success is a success: what was refused is not sent again, because the same would be refused again (*Partial
/// Success*). A message without a count is a warning of the collector.
///
/// Read from what somebody else sends: bytes that are none of this are an answer without a word.
package struct OTLPResponse: Equatable {
    /// Spans, log records or data points that were refused.
    package internal(set) var rejected = 0
    /// Why, or a warning where nothing was refused; empty without one.
    package internal(set) var message = ""

    /// Nothing was refused.
    package init() {}

    /// Reads a body in protobuf: field 1 (`partial_success`) with the count as its field 1, the message as its field 2.
    /// The same for all three signals.
    package init(protobuf bytes: [UInt8]) {
        guard let inner = Self.fields(bytes).last(where: { $0.number == 1 })?.content else { return }
        for field in Self.fields(Array(inner)) {
            switch (field.number, field.content) {
            case (1, nil): rejected = Int(clamping: field.value)
            case (2, let content?): message = String(decoding: content, as: UTF8.self)
            default: break
            }
        }
    }

    /// A field of a protobuf message: a varint's value, or the content of one with a length.
    private struct Field {
        let number: UInt64
        var value: UInt64 = 0
        var content: ArraySlice<UInt8>?
    }

    /// The fields of a message, as far as they can be read.
    private static func fields(_ bytes: [UInt8]) -> [Field] {
        var fields: [Field] = []
        var rest = bytes[...]
        func varint() -> UInt64? {
            var value: UInt64 = 0
            for shift in stride(from: UInt64(0), to: 64, by: 7) {
                guard let byte = rest.popFirst() else { return nil }
                value |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return value }
            }
            return nil
        }
        while let key = varint() {
            let number = key >> 3
            switch key & 7 {
            case 0:
                guard let value = varint() else { return fields }
                fields.append(Field(number: number, value: value))
            case 2:
                guard let length = varint(), length <= UInt64(rest.count) else { return fields }
                fields.append(Field(number: number, content: rest.prefix(Int(length))))
                rest = rest.dropFirst(Int(length))
            case 1: rest = rest.dropFirst(8)
            case 5: rest = rest.dropFirst(4)
            default: return fields
            }
        }
        return fields
    }
}
