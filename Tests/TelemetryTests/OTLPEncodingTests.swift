import FedCore
import Testing

@testable import Telemetry

/// Bytes by hand, from opentelemetry-proto's field numbers and protobuf's encoding.
struct OTLPEncodingTests {
    private var span: OTLPSpan {
        var span = OTLPSpan(
            name: "a", id: "00f067aa0ba902b7", parent: "0000000000000001", start: 1, end: 2)
        span.attributes = [("k", .integer(-1)), ("none", nil), ("t", .flag(true))]
        return span
    }

    @Test func `A span in JSON has ids as digits and times as decimal strings`() {
        var json = OTLPJSON()
        span.write(to: &json, trace: "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(
            json.text == #"{"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7","#
                + #""parentSpanId":"0000000000000001","name":"a","kind":1,"startTimeUnixNano":"1000","#
                + #""endTimeUnixNano":"2000","attributes":[{"key":"k","value":{"intValue":"-1"}},"#
                + #"{"key":"t","value":{"boolValue":true}}],"status":{}}"#)
    }

    @Test func `A span in protobuf`() {
        var message = OTLPProtobuf()
        span.write(to: &message, trace: "4bf92f3577b34da6a3ce929d0e0e4736")
        let trace: [UInt8] = [
            0x4B, 0xF9, 0x2F, 0x35, 0x77, 0xB3, 0x4D, 0xA6, 0xA3, 0xCE, 0x92, 0x9D, 0x0E, 0x0E, 0x47, 0x36,
        ]
        var expected: [UInt8] = [0x0A, 16] + trace  // 1: bytes
        expected += [0x12, 8, 0x00, 0xF0, 0x67, 0xAA, 0x0B, 0xA9, 0x02, 0xB7]  // 2
        expected += [0x22, 8, 0, 0, 0, 0, 0, 0, 0, 1]  // 4
        expected += [0x2A, 1, UInt8(ascii: "a")]  // 5
        expected += [0x30, 1]  // 6: internal
        expected += [0x39, 0xE8, 0x03, 0, 0, 0, 0, 0, 0]  // 7: fixed64, 1000
        expected += [0x41, 0xD0, 0x07, 0, 0, 0, 0, 0, 0]  // 8: fixed64, 2000
        // 9: KeyValue { 1: "k", 2: AnyValue { 3: -1, ten bytes } }
        expected += [0x4A, 16, 0x0A, 1, UInt8(ascii: "k"), 0x12, 11, 0x18]
        expected += [UInt8](repeating: 0xFF, count: 9) + [0x01]
        expected += [0x4A, 7, 0x0A, 1, UInt8(ascii: "t"), 0x12, 2, 0x10, 1]
        expected += [0x7A, 0]  // 15
        #expect(message.bytes == expected)
    }

    @Test func `A histogram's numbers are packed`() {
        var family = MetricFamily("h_seconds", .histogram, .seconds, "")
        var histogram = MetricFamily.Histogram(bounds: [1])
        histogram.add(0.5)
        family.samples = [.init(.histogram(histogram))]
        var message = OTLPProtobuf()
        family.write(to: &message, start: 0, time: 0)
        let one: [UInt8] = [1, 0, 0, 0, 0, 0, 0, 0]
        let zero = [UInt8](repeating: 0, count: 8)
        var point: [UInt8] = [0x11] + zero + [0x19] + zero  // 2, 3: times
        point += [0x21] + one  // 4: count
        point += [0x29, 0, 0, 0, 0, 0, 0, 0xE0, 0x3F]  // 5: sum, 0.5
        point += [0x32, 16] + one + zero  // 6: counts
        point += [0x3A, 8, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F]  // 7: bounds, 1.0
        let whole = [0x0A, UInt8(point.count)] + point + [0x10, 2]
        let name = Array("h_seconds".utf8)
        #expect(
            message.bytes == [0x0A, UInt8(name.count)] + name + [0x12, 0, 0x1A, 1, UInt8(ascii: "s")]
                + [0x4A, UInt8(whole.count)] + whole)
    }

    @Test func `Counters lose their ending in OpenTelemetry`() {
        #expect(MetricFamily("a_bytes_total", .counter, .bytes, "").nameInOTLP == "a_bytes")
        #expect(MetricFamily("a_bytes", .gauge, .bytes, "").nameInOTLP == "a_bytes")
    }

    @Test func `A partial success is read in both encodings`() {
        // ExportTraceServiceResponse { 1: { 1: 300, 2: "no" } }
        let answer = OTLPResponse(protobuf: [0x0A, 7, 0x08, 0xAC, 0x02, 0x12, 2, UInt8(ascii: "n"), UInt8(ascii: "o")])
        #expect(answer.rejected == 300 && answer.message == "no")
        let json = #"{"partialSuccess":{"rejectedSpans":"300","errorMessage":"no"}}"#
        #expect(OTLPResponse(json: Array(json.utf8)) == answer)
        #expect(OTLPResponse(json: Array("{}".utf8)) == OTLPResponse() && OTLPResponse(protobuf: []) == OTLPResponse())
        // Damaged: an answer without a word.
        #expect(OTLPResponse(protobuf: [0x0A, 200, 1]) == OTLPResponse())
        #expect(OTLPResponse(protobuf: [0x0A, 2, 0x08, 0xFF]) == OTLPResponse())
        #expect(OTLPResponse(json: [0xFF, 0]) == OTLPResponse())
    }
}
