import Foundation
import Glibc
import Records
import Synchronization
import Testing

@testable import Telemetry

/// A collector that is not what it should be.
struct ExporterTests {
    private let warnings = Warnings()

    /// Lines from another thread.
    private final class Warnings: Sendable {
        let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
    }

    /// Exports a log line and a root span to a port, and ends.
    private func export(to port: Int, seconds: Int = 3) throws -> (outcome: Exporter.Outcome, seconds: Double) {
        let identity = TraceIdentity(run: "a", epoch: 1, seed: "")
        let exporter = Exporter(
            to: Exporter.Target(try HTTPAddress("http://127.0.0.1:\(port)"), isJSON: false),
            of: Exporter.Source(
                name: "a", version: "", identity: identity, epochs: (1, 1), start: 0,
                folder: URL(fileURLWithPath: "/nonexistent"), ranks: 2),
            metrics: { _ in [] }, warn: { [warnings] line in warnings.lines.withLock { $0.append(line) } })
        exporter.add(OTLPLogRecord(time: 1, severity: .warning, text: "b", span: identity.root))
        let facts = SpanBuilder.RunFacts(
            name: "a", settings: [], digest: nil, isFinished: true, rounds: 0, ranks: 2, bytes: (0, 0), clockError: 0)
        let start = ContinuousClock.now
        let outcome = exporter.finish(facts, atMost: .seconds(seconds))
        return (outcome, (ContinuousClock.now - start) / .seconds(1))
    }

    @Test func `A collector that is not there costs nothing but one line, and losses are counted`() throws {
        // A port that nobody listens on: it was free a moment ago.
        let server = try MetricsServer(port: 0) { "" }
        server.stop()
        usleep(200_000)
        let (outcome, seconds) = try export(to: server.port)
        #expect(outcome.dropped[.traces] == 1 && outcome.dropped[.logs] == 1 && outcome.delivered.isEmpty)
        #expect(seconds < 1.5)
        #expect(
            warnings.all == ["telemetry: http://127.0.0.1:\(server.port): Connection refused; the run goes on"])
    }

    @Test func `A collector that takes connections and never answers is left in time`() throws {
        // It listens, and nobody accepts.
        let mute = try Socket.open("127.0.0.1", port: 0, isPassive: true) { descriptor, address, length in
            bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0 ? 0 : errno
        }
        defer { mute.close() }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(mute.descriptor, $0, &length) }
        }
        let (outcome, seconds) = try export(to: Int(UInt16(bigEndian: address.sin_port)), seconds: 1)
        #expect(outcome.dropped[.traces] == 1 && outcome.dropped[.logs] == 1)
        #expect(seconds < 2.5 && warnings.all.count == 1)
    }

    @Test func `A server that is no collector refuses, and is asked once`() throws {
        let server = try MetricsServer(port: 0) { "" }
        defer { server.stop() }
        let (outcome, seconds) = try export(to: server.port)
        #expect(outcome.dropped[.traces] == 1 && outcome.dropped[.logs] == 1 && seconds < 1.5)
        #expect(outcome.reason?.hasSuffix("with status 404") == true)
    }
}
