/// A place in a trace as it travels between programs: the header `traceparent` of W3C's *Trace Context* (Recommendation,
/// 2021), which programs without HTTP have in the environment variable `TRACEPARENT`.
///
/// ```
/// 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
/// version, trace id, id of the span that is the parent, flags (1: sampled)
/// ```
///
/// The header `tracestate`, which collectors do not need, is not passed on.
package struct TraceContext: Sendable, Equatable {
    /// 32 lower-case hexadecimal digits, not all 0.
    package let trace: String
    /// The span's id: 16 lower-case hexadecimal digits, not all 0.
    package let span: String

    /// Names a place that is known to be sound.
    package init(trace: String, span: String) {
        (self.trace, self.span) = (trace, span)
    }

    /// Reads `version-trace-parent-flags`. Of a version after 00 only what 00 has is read, as the recommendation says.
    ///
    /// - Returns: nil when it is malformed: who reads it begins a trace of its own.
    package init?(traceparent text: String) {
        let bytes = Array(text.utf8)
        func digits(_ range: Range<Int>) -> String? {
            let isHexadecimal = bytes[range].allSatisfy {
                (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
                    || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains($0)
            }
            return isHexadecimal ? String(decoding: bytes[range], as: UTF8.self) : nil
        }
        let dash = UInt8(ascii: "-")
        guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash, let version = digits(0..<2),
            version != "ff", let trace = digits(3..<35), let span = digits(36..<52), digits(53..<55) != nil,
            trace.contains(where: { $0 != "0" }), span.contains(where: { $0 != "0" }),
            bytes.count == 55 || version != "00" && bytes[55] == dash
        else { return nil }
        (self.trace, self.span) = (trace, span)
    }

    /// As a header, sampled: who asks for an export gets it.
    package var traceparent: String { "00-\(trace)-\(span)-01" }
}
