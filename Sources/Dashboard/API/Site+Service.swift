import FedCore
import Foundation
import Hummingbird
import NIOFoundationEssentialsCompat
import Recording
import Records
import RunQueue
import RunStore
import Telemetry

/// What the API tells of itself: its description, the settings, figures for Prometheus.
extension Site {
    /// Adds the routes. The description is made once: the settings do not change while the program runs.
    func addServiceRoutes(to router: Router<PageContext>) {
        let description = Result { try OpenAPI.document() }
        router.get("/openapi.json") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "application/json"],
                body: .init(byteBuffer: ByteBuffer(data: try description.get())))
        }
        router.get("/v1/settings") { _, _ in try JSON.response(["groups": RunSettings.descriptions]) }
        router.get("/metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: PrometheusText.contentType],
                body: .text(try await metrics()))
        }
    }

    /// The dashboard's own figures in Prometheus' text format
    /// (https://prometheus.io/docs/instrumenting/exposition_formats/).
    private func metrics() async throws -> String {
        let counts = try await archive.look { try $0.statusCounts() }
        let (byStatus, seconds) = counters.totals
        func number(_ value: Double, _ label: (name: String, value: String)) -> MetricFamily.Sample {
            MetricFamily.Sample(.number(value), [label])
        }
        let families = [
            MetricFamily("fedmpi_dashboard_runs", .gauge, .none, "Runs in the history by status.")
                .with(counts.sorted { $0.key < $1.key }.map { number(Double($0.value), ("status", $0.key)) }),
            MetricFamily("fedmpi_dashboard_queue_requests", .gauge, .none, "Requests for runs that are not over.")
                .with(await queue.openRuns.count),
            MetricFamily("fedmpi_dashboard_queue_cores_taken", .gauge, .none, "Cores that runs of the queue take.")
                .with(await queue.coresTaken),
            MetricFamily("fedmpi_dashboard_event_listeners", .gauge, .none, "Connections that follow events.")
                .with(await hub.listeners),
            MetricFamily("fedmpi_dashboard_http_responses_total", .counter, .none, "Responses by status code.")
                .with(byStatus.map { number(Double($0.count), ("code", "\($0.code)")) }),
            MetricFamily(
                "fedmpi_dashboard_http_response_seconds_total", .counter, .seconds,
                "Seconds until the head of responses."
            ).with(seconds),
            MetricFamily(
                "fedmpi_dashboard_start_time_seconds", .gauge, .seconds, "When the dashboard was started, since 1970."
            ).with(start.timeIntervalSince1970),
            MetricFamily("fedmpi_dashboard_build_info", .gauge, .none, "Always 1; the version is a label.")
                .with([number(1, ("version", Version.current))]),
        ]
        return PrometheusText.text(of: families.compactMap { $0 })
    }
}
