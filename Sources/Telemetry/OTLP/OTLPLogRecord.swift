/// A line of the log as OpenTelemetry has it, in the span that it belongs to.
package struct OTLPLogRecord: Sendable {
    /// How grave a line is, by OpenTelemetry's numbers (*Logs Data Model*, SeverityNumber).
    package enum Severity: Int, Sendable {
        /// What goes as it should.
        case info = 9
        /// `INFO2`: more than information, less than a warning.
        case notice = 10
        /// Something went wrong, and the run goes on.
        case warning = 13
        /// The run has ended by it.
        case error = 17

        /// Its name.
        var text: String {
            switch self {
            case .info: "INFO"
            case .notice: "NOTICE"
            case .warning: "WARN"
            case .error: "ERROR"
            }
        }
    }

    /// Microseconds since 1970.
    package let time: Int
    /// How grave it is.
    package let severity: Severity
    /// The line, as it stands on standard error without the rank.
    package let text: String
    /// The span that was under way, 16 hexadecimal digits.
    package let span: String
    /// The round, where the line is about one.
    package var attributes: OTLPAttributes = []

    /// Describes a line.
    package init(time: Int, severity: Severity, text: String, span: String, attributes: OTLPAttributes = []) {
        (self.time, self.severity, self.text, self.span) = (time, severity, text, span)
        self.attributes = attributes
    }

    /// Writes a `LogRecord`.
    ///
    /// - Parameter trace: the trace's id, 32 hexadecimal digits.
    func write(to writer: inout some OTLPWriter, trace: String) {
        let moment = UInt64(nanosecondsOf: time)
        writer.add(1, "timeUnixNano", fixed: moment)
        writer.add(2, "severityNumber", code: severity.rawValue)
        writer.add(3, "severityText", text: severity.text)
        writer.add(5, "body") { OTLPValue.text(text).write(to: &$0) }
        writer.add(6, attributes: attributes)
        writer.add(9, "traceId", id: trace)
        writer.add(10, "spanId", id: span)
        writer.add(11, "observedTimeUnixNano", fixed: moment)
    }
}
