import FedCore
import Telemetry
import Testing

@testable import fedmpi

/// What `--metrics-port` and `--otlp` come to, before anything is sent.
struct MonitoringTests {
    private func choice(
        _ environment: [String: String] = [:], _ change: (inout OutputSettings) -> Void
    ) throws -> RunTelemetry.Choice {
        var settings = OutputSettings()
        change(&settings)
        return try settings.telemetry(environment)
    }

    @Test func `The variable of a collector alone makes no run send`() throws {
        let variables = ["OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4319/base/"]
        #expect(try choice(variables) { _ in }.collector == nil)
        let asked = try choice(variables) { $0.otlp = "env" }
        #expect(asked.collector?.address.text == "http://collector:4319/base")
        #expect(throws: ConfigurationError.self) { try choice { $0.otlp = "env" } }
    }

    @Test func `The port is 4318 where none is given, and the encoding protobuf`() throws {
        let target = try #require(try choice { $0.otlp = "http://127.0.0.1" }.collector)
        #expect(target.address.text == "http://127.0.0.1:4318")
        #expect(target.isJSON == false)
        #expect(try choice { ($0.otlp, $0.otlpEncoding) = ("http://127.0.0.1", .json) }.collector?.isJSON == true)
    }

    @Test(arguments: ["https://127.0.0.1", "127.0.0.1:4318", "http://", "http://a:0", "http://a/b?c", "http://a\r\nb"])
    func `What cannot be an address of a collector is refused`(address: String) {
        #expect(throws: ConfigurationError.self) { try choice { $0.otlp = address } }
    }

    @Test func `Spans need the ranks' timing`() {
        #expect(throws: ConfigurationError.self) { try choice { ($0.otlp, $0.timing) = ("http://a", .off) } }
    }

    @Test(arguments: ["metrics-port", "otlp"])
    func `Several runs have neither one page nor one trace`(name: String) {
        var settings = OutputSettings()
        if name == "otlp" { settings.otlp = "http://a" } else { settings.metricsPort = 0 }
        #expect(throws: ConfigurationError("--\(name) is for train and split-train, not for a sweep")) {
            try settings.refuseMonitoring(of: "a sweep")
        }
    }
}
