import FedCore
import Foundation
import Hummingbird
import NIOFoundationEssentialsCompat
import Recording
import Records
import RunQueue
import RunStore

/// What the API tells of itself: its description, the settings, figures for Prometheus.
extension Site {
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
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: .text(try await metrics()))
        }
    }

    /// The dashboard's own figures in Prometheus' text format
    /// (https://prometheus.io/docs/instrumenting/exposition_formats/).
    private func metrics() async throws -> String {
        let counts = try await archive.look { try $0.statusCounts() }
        let (byStatus, seconds) = counters.totals
        var text = ""
        func family(_ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: String)]) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            for sample in samples { text += "\(name)\(sample.labels) \(sample.value)\n" }
        }
        family(
            "fedmpi_dashboard_runs", "gauge", "Runs in the history by status.",
            counts.map { ("{status=\"\($0.key)\"}", "\($0.value)") }.sorted { $0.0 < $1.0 })
        family(
            "fedmpi_dashboard_queue_requests", "gauge", "Requests for runs that are not over.",
            [("", "\(await queue.openRuns.count)")])
        family(
            "fedmpi_dashboard_queue_cores_taken", "gauge", "Cores that runs of the queue take.",
            [("", "\(await queue.coresTaken)")])
        family(
            "fedmpi_dashboard_event_listeners", "gauge", "Connections that follow events.",
            [("", "\(await hub.listeners)")])
        family(
            "fedmpi_dashboard_http_responses_total", "counter", "Responses by status code.",
            byStatus.map { ("{code=\"\($0.code)\"}", "\($0.count)") })
        family(
            "fedmpi_dashboard_http_response_seconds_total", "counter", "Seconds until the head of responses.",
            [("", "\(seconds)")])
        family(
            "fedmpi_dashboard_start_time_seconds", "gauge", "When the dashboard was started, since 1970.",
            [("", "\(start.timeIntervalSince1970)")])
        family(
            "fedmpi_dashboard_build_info", "gauge", "The version, as a label.",
            [("{version=\"\(Version.current)\"}", "1")])
        return text
    }
}
