import FedCore
import Telemetry

/// The declarations of what a run tells others while it goes on (docs/MONITORING.md).
enum MonitoringGroup: SettingsGroup {
    static let title = "Monitoring"

    /// Visits each setting in the order of `--help`.
    static func visit(
        _ settings: inout OutputSettings, _ visitor: inout some SettingsVisitor
    ) throws(ConfigurationError) {
        try visitor.value(
            "metrics-port", &settings.metricsPort, .in(0...65_535), absent: "no page of metrics", resumable: true,
            "Serve metrics for Prometheus at http://127.0.0.1:PORT/metrics; 0 takes a free port and prints it.")
        try visitor.value(
            "otlp", &settings.otlp, absent: "nothing is sent", resumable: true,
            "Send traces, metrics and logs to the OpenTelemetry collector at this http:// address while the run goes "
                + "on; env: the address in OTEL_EXPORTER_OTLP_ENDPOINT.")
        try visitor.value(
            "otlp-encoding", &settings.otlpEncoding, resumable: true, "How it is written: protobuf or json.")
    }

    /// Refuses what could not be done.
    static func check(_ settings: OutputSettings) throws(ConfigurationError) {
        guard settings.otlp == nil || settings.timing == .on else {
            throw ConfigurationError("--otlp needs --timing on: spans are made of what the ranks record")
        }
    }
}

/// The two encodings of the OpenTelemetry Protocol.
enum TelemetryEncoding: String, SettingValue, CaseIterable {
    typealias Content = TelemetryEncoding
    case protobuf, json
}

extension OutputSettings {
    /// The variable that holds a collector's address for programs in general.
    private static let endpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT"

    /// What is to be told, and to whom.
    ///
    /// - Parameter environment: rank 0's variables. A collector's address is taken from it only where `--otlp env` asks
    ///   for that: a variable alone makes no run send.
    /// - Throws: `ConfigurationError` for an address that cannot be used.
    func telemetry(_ environment: [String: String]) throws(ConfigurationError) -> RunTelemetry.Choice {
        try MonitoringGroup.check(self)
        var choice = RunTelemetry.Choice(metricsPort: metricsPort, traceparent: environment["TRACEPARENT"])
        guard var address = otlp else { return choice }
        if address == "env" {
            guard let given = environment[Self.endpointVariable], !given.isEmpty else {
                throw ConfigurationError("--otlp env: the variable \(Self.endpointVariable) is not set on rank 0")
            }
            address = given
        }
        choice.collector = Exporter.Target(try HTTPAddress(address), isJSON: otlpEncoding == .json)
        return choice
    }

    /// Refuses to monitor what is not one run.
    ///
    /// - Parameter command: what it is, such as `a sweep`.
    /// - Throws: `ConfigurationError` that names the first setting that cannot be honoured.
    func refuseMonitoring(of command: String) throws(ConfigurationError) {
        let name = metricsPort != nil ? "metrics-port" : otlp != nil ? "otlp" : nil
        if let name { throw ConfigurationError("--\(name) is for train and split-train, not for \(command)") }
    }
}
