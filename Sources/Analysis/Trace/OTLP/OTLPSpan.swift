import FedCore

/// A value of an attribute in OpenTelemetry: the kinds of `AnyValue` that a run needs.
enum OTLPValue {
    /// A string.
    case text(String)
    /// A whole number of 64 bits.
    case integer(Int)
    /// A floating-point number; one that is not finite is a word, because JSON has no such numbers.
    case number(Double)
    /// True or false.
    case flag(Bool)

    /// As OTLP/JSON has it: whole numbers are strings, as in all JSON of protobuf's 64-bit integers
    /// (https://protobuf.dev/programming-guides/json/).
    var json: String {
        switch self {
        case .text(let text): "{\"stringValue\":\"\(text.escapedForJSON)\"}"
        case .integer(let number): "{\"intValue\":\"\(number)\"}"
        case .number(let number) where number.isFinite: "{\"doubleValue\":\(number)}"
        case .number(let number):
            "{\"doubleValue\":\"\(number.isNaN ? "NaN" : number > 0 ? "Infinity" : "-Infinity")\"}"
        case .flag(let flag): "{\"boolValue\":\(flag)}"
        }
    }
}

/// Attributes by their full names, such as `fedmpi.round`, in order; a value of nil is left out.
typealias OTLPAttributes = [(key: String, value: OTLPValue?)]

extension OTLPAttributes {
    /// As OTLP/JSON has them: an array of pairs, not an object.
    var json: String {
        let pairs = compactMap { key, value in
            value.map { "{\"key\":\"\(key.escapedForJSON)\",\"value\":\($0.json)}" }
        }
        return "[\(pairs.joined(separator: ","))]"
    }
}

/// A span of OpenTelemetry: something that took time, within its parent. Times are microseconds since 1970.
struct OTLPSpan {
    /// Something that happened at a moment of the span.
    struct Event {
        /// What happened, in words.
        let name: String
        /// Microseconds since 1970.
        let time: Int
        /// What is known of it.
        var attributes: OTLPAttributes = []
    }

    /// What the rank did, as in ``TraceFile``; names repeat, ids do not.
    let name: String
    /// 16 hexadecimal digits, unique in the trace.
    let id: String
    /// The parent's id; nil for the trace's root alone.
    let parent: String?
    /// First moment, in microseconds since 1970.
    let start: Int
    /// Last moment, in microseconds since 1970.
    let end: Int
    /// What is known of it: numbers, settings, counts.
    var attributes: OTLPAttributes = []
    /// What happened in it, in order of time.
    var events: [Event] = []
    /// What went wrong; nil where nothing did.
    var error: String?

    /// As OTLP/JSON has it (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in hexadecimal
    /// digits, enums as numbers. Kind 1 is an internal span, status 2 an error.
    ///
    /// Nanoseconds are written as text, so that no time is too large to be multiplied.
    ///
    /// - Parameter trace: the trace's id, 32 hexadecimal digits.
    func json(trace: String) -> String {
        var json = "{\"traceId\":\"\(trace)\",\"spanId\":\"\(id)\","
        if let parent { json += "\"parentSpanId\":\"\(parent)\"," }
        json += "\"name\":\"\(name.escapedForJSON)\",\"kind\":1,\"startTimeUnixNano\":\"\(start)000\","
        json += "\"endTimeUnixNano\":\"\(end)000\",\"attributes\":\(attributes.json),"
        if !events.isEmpty {
            let list = events.map {
                "{\"name\":\"\($0.name.escapedForJSON)\",\"timeUnixNano\":\"\($0.time)000\","
                    + "\"attributes\":\($0.attributes.json)}"
            }
            json += "\"events\":[\(list.joined(separator: ","))],"
        }
        return json + "\"status\":" + (error.map { "{\"code\":2,\"message\":\"\($0.escapedForJSON)\"}" } ?? "{}") + "}"
    }
}
