import FedCore
import Foundation
import Glibc
import Records
import Testing

@testable import Telemetry

@Suite struct PrometheusTextTests {
    /// By the format's own rules and example: https://prometheus.io/docs/instrumenting/exposition_formats/
    @Test("labels and help are escaped, numbers are the format's")
    func format() {
        var text = PrometheusText()
        text.family("msdos_file_access_time_seconds", .gauge, "A \"help\" with \\ and\nlines.") {
            $0.sample(["path": "C:\\DIR\\FILE.TXT", "error": "Cannot find file:\n\"FILE.TXT\""], 1.458255915e9)
        }
        text.family("numbers", .gauge, "All kinds.") { text in
            for value in [0.5, -3, .nan, .infinity, -.infinity] { text.sample([:], value) }
        }
        text.family("nothing", .counter, "Left out.", nil)
        #expect(
            text.text == """
                # HELP msdos_file_access_time_seconds A "help" with \\\\ and\\nlines.
                # TYPE msdos_file_access_time_seconds gauge
                msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1458255915
                # HELP numbers All kinds.
                # TYPE numbers gauge
                numbers 0.5
                numbers -3
                numbers NaN
                numbers +Inf
                numbers -Inf

                """)
    }
}

@Suite struct RunMetricsTests {
    private func description() -> RunDescription {
        var settings = RunSettings()
        settings.rounds = 9
        settings.clients = 12
        return RunDescription(
            settings: settings, model: "logistic", layout: ParameterLayout([(name: "w", shape: [2])]),
            trainingSamples: 50,
            testSamples: 10, ranks: 4, hosts: ["a", "a", "b", "b"])
    }

    private func lines(_ metrics: RunMetrics) -> Set<String> {
        Set(metrics.text.split(separator: "\n").map(String.init))
    }

    @Test("rounds add up, the last one's values stand, losses stay until there are newer ones")
    func rounds() {
        let metrics = RunMetrics(version: "1.2.3")
        metrics.name("a\"b")
        metrics.runStarted(description())
        var first = RoundRecord(round: 1)
        (first.cohort, first.participants, first.partial, first.late) = (5, 3, 1, 2)
        (first.seconds, first.serverAccuracy, first.serverLoss) = (0.2, 0.75, 1.5)
        (first.totalUploadBytes, first.totalDownloadBytes) = (100, 200)
        var second = first
        (second.round, second.seconds, second.serverAccuracy, second.serverLoss) = (2, 700, nil, nil)
        second.totalUploadBytes = 250
        second.metrics = ["epsilon": 0.5]
        metrics.roundFinished(first)
        metrics.roundFinished(second)
        let lines = lines(metrics)
        for line in [
            "fedmpi_build_info{version=\"1.2.3\"} 1", "fedmpi_round 2", "fedmpi_rounds_planned 9", "fedmpi_ranks 4",
            "fedmpi_clients 12", "fedmpi_test_accuracy_ratio 0.75", "fedmpi_test_loss 1.5",
            "fedmpi_upload_bytes_total 250",
            "fedmpi_client_updates_total{outcome=\"included\"} 4", "fedmpi_client_updates_total{outcome=\"partial\"} 2",
            "fedmpi_client_updates_total{outcome=\"late\"} 4", "fedmpi_metric{name=\"epsilon\"} 0.5",
            "fedmpi_round_duration_seconds_bucket{le=\"0.1\"} 0", "fedmpi_round_duration_seconds_bucket{le=\"0.25\"} 1",
            "fedmpi_round_duration_seconds_bucket{le=\"600.0\"} 1",
            "fedmpi_round_duration_seconds_bucket{le=\"+Inf\"} 2",
            "fedmpi_round_duration_seconds_count 2", "fedmpi_round_duration_seconds_sum 700.2",
            "fedmpi_run_over 0",
        ] { #expect(lines.contains(line), "\(line)") }
        #expect(metrics.text.contains("run=\"a\\\"b\""))
    }

    @Test("a lost rank counts until it returns")
    func ranks() {
        let metrics = RunMetrics(version: "1")
        metrics.runStarted(description())
        #expect(lines(metrics).contains("fedmpi_faults_total{kind=\"rank_lost\"} 0"))
        metrics.faulted(FaultRecord(round: 1, kind: .rankLost, rank: 2))
        metrics.faulted(FaultRecord(round: 1, kind: .rankLost, rank: 3))
        #expect(lines(metrics).contains("fedmpi_ranks_lost 2"))
        metrics.faulted(FaultRecord(round: 2, kind: .rankReturned, rank: 2))
        #expect(lines(metrics).isSuperset(of: ["fedmpi_ranks_lost 1", "fedmpi_faults_total{kind=\"rank_lost\"} 2"]))
    }

    @Test("every family is declared once, and names have their units")
    func names() {
        let metrics = RunMetrics(version: "1")
        metrics.runStarted(description())
        metrics.roundFinished(RoundRecord(round: 1))
        let types = metrics.text.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map {
            $0.split(separator: " ")
        }
        #expect(Set(types.map { $0[2] }).count == types.count)
        #expect(types.allSatisfy { ($0[3] == "counter") == $0[2].hasSuffix("_total") })
    }
}

@Suite struct MetricsServerTests {
    /// Sends bytes to a port of this machine; whatever comes back until the other side closes.
    private func ask(_ port: Int, _ request: String) -> String {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { return "" }
        let bytes = Array(request.utf8)
        _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { answer += buffer[..<count] }
        return String(decoding: answer, as: UTF8.self)
    }

    @Test("it answers what it knows, and refuses what is no request")
    func answers() throws {
        let server = try MetricsServer(port: 0) { "up 1\n" }
        let answer = ask(server.port, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\nup 1\n"))
        #expect(answer.contains("Content-Length: 5\r\n") && answer.contains("version=0.0.4"))
        #expect(ask(server.port, "GET /healthz HTTP/1.0\r\n\r\n").hasSuffix("ok\n"))
        for (request, status) in [
            ("GET /other HTTP/1.1\r\n\r\n", 404), ("POST /metrics HTTP/1.1\r\n\r\n", 405), ("nonsense\r\n\r\n", 400),
            ("GET /metrics HTTP/2.0\r\n\r\n", 400), ("GET /" + String(repeating: "a", count: 20_000), 431),
        ] { #expect(ask(server.port, request).hasPrefix("HTTP/1.1 \(status) "), "\(request.prefix(40))") }
        #expect(ask(server.port, "GET /metrics HTTP/1.1\r\n\r\n").hasSuffix("up 1\n"))
    }

    @Test("connections that say nothing do not keep others waiting")
    func silent() throws {
        let server = try MetricsServer(port: 0) { "up 1\n" }
        var silent: [Int32] = []
        for _ in 0..<8 {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(server.port).bigEndian
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            silent.append(descriptor)
        }
        defer { for descriptor in silent { close(descriptor) } }
        let start = ContinuousClock.now
        #expect(ask(server.port, "GET /metrics HTTP/1.1\r\n\r\n").hasSuffix("up 1\n"))
        #expect(ContinuousClock.now - start < .seconds(2))
    }

    @Test("a port that is taken is refused in one line")
    func taken() throws {
        let server = try MetricsServer(port: 0) { "" }
        let error = #expect(throws: ConfigurationError.self) { try MetricsServer(port: server.port) { "" } }
        #expect(error?.description == "--metrics-port is \(server.port); cannot listen there: Address already in use")
    }
}
