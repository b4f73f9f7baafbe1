/// What one request to a collector carries: spans, log records or metrics, and whose they are.
///
/// All three have the same shape: resources (here ranks), in each the scopes that measured (here one, fedmpi), in each what
/// was measured. Spans of several ranks go in one request; log lines and metrics are rank 0's.
package enum OTLPRequest {
    /// What a rank is, for all that it says.
    package struct Resource: Sendable {
        /// The attributes of the resource.
        package var attributes: OTLPAttributes
        /// The version of the program that measured.
        package let version: String

        /// Describes a rank of a run.
        ///
        /// - Parameters:
        ///   - rank: the rank's number.
        ///   - host: where it runs; nil where that is not known.
        ///   - run: the name of the run.
        ///   - version: the version of fedmpi that the run used; nil where that is not known.
        ///   - scope: the version of fedmpi that writes.
        package init(rank: Int, host: String?, run: String, version: String?, scope: String) {
            attributes = [
                ("service.name", .text("fedmpi")), ("service.instance.id", .text("rank \(rank)")),
                ("service.version", version.map(OTLPValue.text)), ("host.name", host.map(OTLPValue.text)),
                ("fedmpi.run", .text(run)), ("fedmpi.rank", .integer(rank)),
                ("fedmpi.role", .text(rank == 0 ? "server" : "client")),
            ]
            self.version = scope
        }

        /// Writes the field `resource`, which has the same number in all three signals.
        package func write(to writer: inout some OTLPWriter) {
            writer.add(1, "resource") { $0.add(1, attributes: attributes) }
        }

        /// Writes the field `scope`, likewise.
        package func writeScope(to writer: inout some OTLPWriter) {
            writer.add(1, "scope") {
                $0.add(1, "name", text: "fedmpi")
                $0.add(2, "version", text: version)
            }
        }
    }

    /// An `ExportTraceServiceRequest`.
    ///
    /// - Parameters:
    ///   - trace: the trace's id, 32 hexadecimal digits.
    ///   - spans: of each resource.
    package static func traces<Writer: OTLPWriter>(
        _ trace: String, _ spans: [(resource: Resource, spans: [OTLPSpan])], as: Writer.Type
    ) -> [UInt8] {
        request(("resourceSpans", "scopeSpans", "spans"), spans.map { ($0.resource, $0.spans) }, as: Writer.self) {
            $0.write(to: &$1, trace: trace)
        }
    }

    /// An `ExportLogsServiceRequest` of one resource.
    ///
    /// - Parameter trace: the trace's id, 32 hexadecimal digits.
    package static func logs<Writer: OTLPWriter>(
        _ trace: String, _ records: [OTLPLogRecord], of resource: Resource, as: Writer.Type
    ) -> [UInt8] {
        request(("resourceLogs", "scopeLogs", "logRecords"), [(resource, records)], as: Writer.self) {
            $0.write(to: &$1, trace: trace)
        }
    }

    /// An `ExportMetricsServiceRequest` of one resource.
    ///
    /// - Parameters:
    ///   - families: the metrics.
    ///   - start: since when counters count, in microseconds since 1970.
    ///   - time: when they were read, in microseconds since 1970.
    package static func metrics<Writer: OTLPWriter>(
        _ families: [MetricFamily], start: Int, time: Int, of resource: Resource, as: Writer.Type
    ) -> [UInt8] {
        request(("resourceMetrics", "scopeMetrics", "metrics"), [(resource, families)], as: Writer.self) {
            $0.write(to: &$1, start: start, time: time)
        }
    }

    /// The shape that all three have; the numbers of the fields are the same in all, their names are not.
    ///
    /// - Parameters:
    ///   - names: of the fields, from the outermost.
    ///   - parts: what each resource has measured.
    ///   - write: writes one thing that was measured.
    private static func request<Writer: OTLPWriter, Content>(
        _ names: (resources: String, scopes: String, contents: String), _ parts: [(Resource, [Content])],
        as: Writer.Type, _ write: (Content, inout Writer) -> Void
    ) -> [UInt8] {
        var writer = Writer()
        writer.add(1, names.resources, each: parts) { part, writer in
            let (resource, contents) = part
            resource.write(to: &writer)
            writer.add(2, names.scopes, each: [contents]) { contents, writer in
                resource.writeScope(to: &writer)
                writer.add(2, names.contents, each: contents, write)
            }
        }
        return writer.bytes
    }
}
