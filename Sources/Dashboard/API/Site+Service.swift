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
                status: .ok, headers: [.contentType: PrometheusText.mediaType],
                body: .text(try await metrics()))
        }
    }

    /// The dashboard's own figures in Prometheus' text format
    /// (https://prometheus.io/docs/instrumenting/exposition_formats/).
    private func metrics() async throws -> String {
        let counts = try await archive.look { try $0.statusCounts() }
        let (byStatus, seconds) = counters.totals
        var text = PrometheusText()
        text.family("fedmpi_dashboard_runs", .gauge, "Runs in the history by status.") { text in
            for (status, count) in counts.sorted(by: { $0.key < $1.key }) {
                text.sample(["status": status], Double(count))
            }
        }
        text.family(
            "fedmpi_dashboard_queue_requests", .gauge, "Requests for runs that are not over.",
            Double(await queue.openRuns.count))
        text.family(
            "fedmpi_dashboard_queue_cores_taken", .gauge, "Cores that runs of the queue take.",
            Double(await queue.coresTaken))
        text.family(
            "fedmpi_dashboard_event_listeners", .gauge, "Connections that follow events.", Double(await hub.listeners))
        text.family("fedmpi_dashboard_http_responses_total", .counter, "Responses by status code.") { text in
            for (code, count) in byStatus { text.sample(["code": "\(code)"], Double(count)) }
        }
        text.family(
            "fedmpi_dashboard_http_response_seconds_total", .counter, "Seconds until the head of responses.", seconds)
        text.family(
            "fedmpi_dashboard_start_time_seconds", .gauge, "When the dashboard was started, since 1970.",
            start.timeIntervalSince1970)
        text.family("fedmpi_dashboard_build_info", .gauge, "Always 1; the version is a label.") {
            $0.sample(["version": Version.current], 1)
        }
        return text.text
    }
}
