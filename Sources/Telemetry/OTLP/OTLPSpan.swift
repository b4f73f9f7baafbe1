/// A span of OpenTelemetry: something that took time, within its parent. Times are microseconds since 1970.
package struct OTLPSpan: Sendable {
    /// Something that happened at a moment of the span.
    package struct Event: Sendable {
        /// What happened, in words.
        package let name: String
        /// Microseconds since 1970.
        package let time: Int
        /// Whom it concerned, and why.
        package var attributes: OTLPAttributes = []

        /// Describes what happened.
        package init(name: String, time: Int, attributes: OTLPAttributes = []) {
            (self.name, self.time, self.attributes) = (name, time, attributes)
        }
    }

    /// What it is, without numbers that tell spans of a kind apart where that is possible: `train`, `gather`, `client 3`.
    package let name: String
    /// 16 hexadecimal digits.
    package let id: String
    /// The parent's id; nil for the trace's root alone.
    package let parent: String?
    /// First moment, in microseconds since 1970.
    package let start: Int
    /// Last moment, in microseconds since 1970.
    package let end: Int
    /// What is known of it, by names that begin with `fedmpi.`.
    package var attributes: OTLPAttributes = []
    /// What happened in it, in order of time.
    package var events: [Event] = []
    /// What went wrong; nil where nothing did.
    package var error: String?

    /// Describes a span without attributes and events.
    package init(name: String, id: String, parent: String?, start: Int, end: Int) {
        (self.name, self.id, self.parent, self.start, self.end) = (name, id, parent, start, end)
    }

    /// Writes a `Span`.
    ///
    /// - Parameter trace: the trace's id, 32 hexadecimal digits.
    package func write(to writer: inout some OTLPWriter, trace: String) {
        writer.add(1, "traceId", id: trace)
        writer.add(2, "spanId", id: id)
        if let parent { writer.add(4, "parentSpanId", id: parent) }
        writer.add(5, "name", text: name)
        writer.add(6, "kind", code: 1)  // internal
        writer.add(7, "startTimeUnixNano", fixed: UInt64(nanosecondsOf: start))
        writer.add(8, "endTimeUnixNano", fixed: UInt64(nanosecondsOf: end))
        writer.add(9, attributes: attributes)
        if !events.isEmpty {
            writer.add(11, "events", each: events) { event, writer in
                writer.add(1, "timeUnixNano", fixed: UInt64(nanosecondsOf: event.time))
                writer.add(2, "name", text: event.name)
                writer.add(3, attributes: event.attributes)
            }
        }
        writer.add(15, "status") { status in
            guard let error else { return }
            status.add(2, "message", text: error)
            status.add(3, "code", code: 2)
        }
    }
}
