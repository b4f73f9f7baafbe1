import FedCore

/// A message of OTLP under construction, in one of its two encodings. What is written is described once, each field by
/// its number (for protobuf) and its name (for JSON), so that both encodings always say the same.
///
/// ```
/// writer.add(5, "name", text: "train")            protobuf: 2A 05 74 72 61 69 6E        JSON: "name":"train"
/// writer.add(7, "startTimeUnixNano", fixed: 1000) protobuf: 39 E8 03 00 00 00 00 00 00  JSON: "startTimeUnixNano":"1000"
/// writer.add(15, "status") { status in … }        protobuf: 7A and a length             JSON: "status":{…}
/// ```
///
/// Fields are written in the order of the calls. None is left out for being the default of its type, which protobuf allows;
/// a caller that wants to leave one out does not call. Elements of ``add(_:_:each:_:)`` are messages of one repeated field,
/// which JSON has as a list.
///
/// *OpenTelemetry Protocol Specification* 1.x; field numbers of opentelemetry-proto.
package protocol OTLPWriter {
    /// Begins an empty message.
    init()
    /// The message as it is sent.
    var bytes: [UInt8] { get }
    /// A text.
    mutating func add(_ field: UInt64, _ name: String, text: String)
    /// A whole number (int64).
    mutating func add(_ field: UInt64, _ name: String, integer: Int)
    /// A whole number of eight bytes (fixed64), such as a time in nanoseconds.
    mutating func add(_ field: UInt64, _ name: String, fixed: UInt64)
    /// An enumerator.
    mutating func add(_ field: UInt64, _ name: String, code: Int)
    /// A double; it need not be finite.
    mutating func add(_ field: UInt64, _ name: String, number: Double)
    /// True or false.
    mutating func add(_ field: UInt64, _ name: String, flag: Bool)
    /// An id of a trace or a span, given as hexadecimal digits.
    mutating func add(_ field: UInt64, _ name: String, id: String)
    /// Whole numbers of eight bytes each.
    mutating func add(_ field: UInt64, _ name: String, fixed list: [UInt64])
    /// Doubles.
    mutating func add(_ field: UInt64, _ name: String, numbers list: [Double])
    /// A message within this one.
    mutating func add(_ field: UInt64, _ name: String, _ content: (inout Self) -> Void)
    /// A message for each element.
    mutating func add<Element>(
        _ field: UInt64, _ name: String, each elements: some Sequence<Element>, _ content: (Element, inout Self) -> Void
    )
}

/// OTLP/JSON: ids as hexadecimal digits, numbers of 64 bits as decimal strings.
///
/// It is protobuf's JSON mapping but for the ids, which that would write in base64 (*OTLP/HTTP, JSON Protobuf Encoding*).
/// Texts go through `printable`, like all that this program writes: names of runs and reasons of faults may be somebody
/// else's.
package struct OTLPJSON: OTLPWriter {
    /// The fields so far, without the braces around them.
    private var fields = ""

    package init() {}

    /// The message as text.
    package var text: String { "{\(fields)}" }

    package var bytes: [UInt8] { Array(text.utf8) }

    package mutating func add(_: UInt64, _ name: String, text: String) { add(name, "\"\(text.escapedForJSON)\"") }

    package mutating func add(_: UInt64, _ name: String, integer: Int) { add(name, "\"\(integer)\"") }

    package mutating func add(_: UInt64, _ name: String, fixed: UInt64) { add(name, "\"\(fixed)\"") }

    package mutating func add(_: UInt64, _ name: String, code: Int) { add(name, "\(code)") }

    package mutating func add(_: UInt64, _ name: String, number: Double) { add(name, Self.number(number)) }

    package mutating func add(_: UInt64, _ name: String, flag: Bool) { add(name, "\(flag)") }

    package mutating func add(_: UInt64, _ name: String, id: String) { add(name, "\"\(id)\"") }

    package mutating func add(_: UInt64, _ name: String, fixed list: [UInt64]) {
        add(name, "[" + list.map { "\"\($0)\"" }.joined(separator: ",") + "]")
    }

    package mutating func add(_: UInt64, _ name: String, numbers list: [Double]) {
        add(name, "[" + list.map(Self.number).joined(separator: ",") + "]")
    }

    package mutating func add(_: UInt64, _ name: String, _ content: (inout Self) -> Void) {
        var inner = Self()
        content(&inner)
        add(name, inner.text)
    }

    package mutating func add<Element>(
        _: UInt64, _ name: String, each elements: some Sequence<Element>, _ content: (Element, inout Self) -> Void
    ) {
        let list = elements.map { element in
            var inner = Self()
            content(element, &inner)
            return inner.text
        }
        add(name, "[" + list.joined(separator: ",") + "]")
    }

    /// Appends a field whose value is written already.
    private mutating func add(_ name: String, _ json: String) {
        if !fields.isEmpty { fields += "," }
        fields += "\"\(name)\":\(json)"
    }

    /// A double; one that is not finite is a word, because JSON has no such numbers.
    private static func number(_ number: Double) -> String {
        number.isFinite ? "\(number)" : number.isNaN ? "\"NaN\"" : number > 0 ? "\"Infinity\"" : "\"-Infinity\""
    }
}

/// OTLP as binary protobuf.
///
/// Each inner message is made by itself and then copied behind its length, because a length is written before what it
/// counts. Texts are those of ``OTLPJSON``.
package struct OTLPProtobuf: OTLPWriter {
    /// The message so far.
    private var message = ProtocolBuffer()

    package init() {}

    package var bytes: [UInt8] { message.bytes }

    package mutating func add(_ field: UInt64, _: String, text: String) {
        message.add(field: field, Array(text.printable.utf8))
    }

    package mutating func add(_ field: UInt64, _: String, integer: Int) {
        message.add(field: field, integer: UInt64(bitPattern: Int64(integer)))
    }

    package mutating func add(_ field: UInt64, _: String, fixed: UInt64) { message.add(field: field, fixed: fixed) }

    package mutating func add(_ field: UInt64, _: String, code: Int) {
        message.add(field: field, integer: UInt64(bitPattern: Int64(code)))
    }

    package mutating func add(_ field: UInt64, _: String, number: Double) { message.add(field: field, double: number) }

    package mutating func add(_ field: UInt64, _: String, flag: Bool) {
        message.add(field: field, integer: flag ? 1 : 0)
    }

    package mutating func add(_ field: UInt64, _: String, id: String) {
        message.add(field: field, Self.bytes(ofHexadecimal: id))
    }

    package mutating func add(_ field: UInt64, _: String, fixed list: [UInt64]) {
        message.add(field: field, packed: list)
    }

    package mutating func add(_ field: UInt64, _: String, numbers list: [Double]) {
        message.add(field: field, packed: list.map(\.bitPattern))
    }

    package mutating func add(_ field: UInt64, _: String, _ content: (inout Self) -> Void) {
        var inner = Self()
        content(&inner)
        message.add(field: field, inner.bytes)
    }

    package mutating func add<Element>(
        _ field: UInt64, _: String, each elements: some Sequence<Element>, _ content: (Element, inout Self) -> Void
    ) {
        for element in elements {
            var inner = Self()
            content(element, &inner)
            message.add(field: field, inner.bytes)
        }
    }

    /// Two digits a byte; ids are made by this program, so there are no others.
    private static func bytes(ofHexadecimal digits: String) -> [UInt8] {
        let values = digits.utf8.map { $0 >= UInt8(ascii: "a") ? $0 - UInt8(ascii: "a") + 10 : $0 - UInt8(ascii: "0") }
        return stride(from: 0, to: values.count - 1, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
}

extension String {
    /// As it stands between quotes in JSON.
    package var escapedForJSON: String {
        var json = String.UnicodeScalarView()
        for scalar in printable.unicodeScalars {
            if scalar == "\"" || scalar == "\\" { json.append("\\") }
            json.append(scalar)
        }
        return String(json)
    }
}
