import FedCore
import Foundation
import Records
import Testing

@testable import Telemetry

struct RunMetricsTests {
    private func run(ranks: Int = 4) -> RunDescription {
        var settings = RunSettings()
        (settings.rounds, settings.clients, settings.dataset) = (7, 9, "csv:\"a\"")
        var run = RunDescription(
            settings: settings, model: "logistic", layout: ParameterLayout([]), trainingSamples: 1, testSamples: 1,
            ranks: ranks, hosts: [])
        run.metrics = [Metric("cost_total", title: "cost", unit: "s")]
        return run
    }

    private func lines(_ metrics: RunMetrics, _ phases: [PhaseSeconds] = []) -> Set<Substring> {
        Set(PrometheusText.text(of: metrics.families(phases: phases)).split(separator: "\n"))
    }

    @Test func `Rounds add up, and the last one is shown`() {
        var metrics = RunMetrics(run: "a", version: "9.8.7")
        metrics.begin(run(), at: 100)
        var record = RoundRecord(round: 1)
        (record.cohort, record.participants, record.late, record.attempts) = (5, 3, 2, 1)
        (record.samples, record.seconds, record.totalUploadBytes, record.totalDownloadBytes) = (30, 0.02, 300, 500)
        (record.serverAccuracy, record.serverLoss, record.metrics) = (0.5, 1.5, ["cost_total": 4, "epsilon": 0.25])
        metrics.add(record, at: 200)
        record.round = 2
        (record.late, record.dropped, record.attempts, record.totalUploadBytes) = (0, 2, 3, 600)
        (record.serverAccuracy, record.serverLoss, record.metrics) = (nil, nil, ["epsilon": 0.5])
        metrics.add(record, at: 300)
        let lines = lines(metrics, [PhaseSeconds(rank: 3, phase: .train, seconds: 1.5)])
        for line in [
            #"fedmpi_build_info{version="9.8.7"} 1"#, "fedmpi_rounds 2", "fedmpi_rounds_planned 7", "fedmpi_ranks 4",
            #"fedmpi_run_info{run="a",strategy="fedavg",model="logistic",dataset="csv:\"a\"",partition="dirichlet"} 1"#,
            "fedmpi_run_start_time_seconds 100", "fedmpi_last_round_time_seconds 300", "fedmpi_clients 9",
            #"fedmpi_client_turns_total{outcome="participant"} 6"#, #"fedmpi_client_turns_total{outcome="late"} 2"#,
            #"fedmpi_client_turns_total{outcome="dropped"} 2"#, "fedmpi_round_repeats_total 2",
            "fedmpi_samples_total 60",
            "fedmpi_upload_bytes_total 600", "fedmpi_download_bytes_total 500", "fedmpi_round_duration_seconds_count 2",
            #"fedmpi_round_duration_seconds_bucket{le="0.01"} 0"#,
            #"fedmpi_round_duration_seconds_bucket{le="0.025"} 2"#,
            // Of the last round that was evaluated.
            "fedmpi_server_accuracy_ratio 0.5", "fedmpi_server_loss 1.5",
            "fedmpi_metric_epsilon 0.5", "fedmpi_metric_cost_total_value 4",
            "# TYPE fedmpi_metric_cost_total_value gauge",
            #"fedmpi_phase_seconds_total{rank="3",phase="train"} 1.5"#, "# TYPE fedmpi_phase_seconds_total counter",
        ] {
            #expect(lines.contains(Substring(line)), "\(line)")
        }
    }

    @Test func `A lost rank is not alive until it is back`() {
        var metrics = RunMetrics(run: "a", version: "")
        metrics.begin(run(), at: 0)
        #expect(lines(metrics).contains("fedmpi_ranks_alive 4"))
        #expect(lines(metrics).contains(#"fedmpi_faults_total{kind="rank_lost"} 0"#))
        metrics.add(FaultRecord(round: 1, kind: .rankLost, rank: 2))
        metrics.add(FaultRecord(round: 1, kind: .rankLost, rank: 2))
        metrics.add(FaultRecord(round: 1, kind: .rankSilent, rank: 3))
        #expect(lines(metrics).contains("fedmpi_ranks_alive 3"))
        #expect(lines(metrics).contains(#"fedmpi_faults_total{kind="rank_lost"} 2"#))
        metrics.add(FaultRecord(round: 2, kind: .rankReturned, rank: 2))
        #expect(lines(metrics).contains("fedmpi_ranks_alive 4"))
    }

    @Test func `Names are Prometheus', with base units, and counters end in total`() throws {
        let name = try Regex("^fedmpi(_[a-z0-9]+)+$")
        for family in RunMetric.all {
            #expect(family.name.wholeMatch(of: name) != nil, "\(family.name)")
            #expect((family.kind == .counter) == family.name.hasSuffix("_total"), "\(family.name)")
            if family.unit != .none { #expect(family.name.contains("_\(family.unit.rawValue)"), "\(family.name)") }
        }
        #expect(RunMetrics.name(of: Metric("Größe-2", title: "")) == "fedmpi_metric_gr__e_2")
        #expect(Set(RunMetric.all.map(\.name)).count == RunMetric.all.count)
    }

    @Test func `docs/MONITORING.md has a line for each metric, and no other`() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../docs/MONITORING.md").standardizedFileURL
        let text = try String(contentsOf: file, encoding: .utf8)
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `fedmpi_") }
        #expect(rows.map(String.init) == RunMetric.all.map { "| `\($0.name)` | \($0.kind.rawValue) | \($0.help) |" })
    }
}
