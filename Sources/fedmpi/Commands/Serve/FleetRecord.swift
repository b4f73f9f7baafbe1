import FedCore
import Inference
import Runtime
import Serving

/// A device as files and `--json` show it. Absent: not known, or not served.
struct FleetRecord: Encodable {
    let device: DeviceProfile
    let tier: Tier
    let tierReasons: [String]
    let failure: String?
    /// How the latencies came about: `measured`, `enforced` or `simulated`.
    let figures: DeviceReport.Figures
    let slowdown: Double
    let limits: [String]
    /// The variant that answered most, and what the device chose before any load.
    let model: String?
    let chosen: String?
    let parameters: Int?
    let storedBytes: Int?
    let accuracy: Double?
    let answeredAccuracy: Double?
    let answered: Int
    let refusedRequests: Int
    let seconds: Double
    let busySeconds: Double
    let meanMs: Double?
    let p50Ms: Double?
    let p95Ms: Double?
    let p99Ms: Double?
    let fps: Double?
    /// Simulated: stated watts times seconds.
    let simulatedJoulesPerThousand: Double?
    let programBytes: Int
    let peakBytes: Int
    let candidates: [ModelSelector.Verdict]
    let ladder: [String]
    let phases: [DeviceReport.Phase]
    let switches: [VariantSwitch]

    init(_ report: DeviceReport) {
        device = report.device
        tier = report.tier.tier
        tierReasons = report.tier.reasons
        failure = report.failure
        figures = report.figures
        slowdown = report.slowdown
        limits = report.limits
        let main = report.mainCandidate
        model = main?.name
        chosen = report.choice?.name
        parameters = main?.parameters
        storedBytes = main?.storedBytes
        accuracy = main?.accuracy
        answeredAccuracy = report.answeredAccuracy
        answered = report.answered
        refusedRequests = report.refusedRequests
        seconds = report.seconds
        busySeconds = report.busySeconds
        meanMs = report.latency.map { 1000 * $0.mean }
        p50Ms = report.latency.map { 1000 * $0.p50 }
        p95Ms = report.latency.map { 1000 * $0.p95 }
        p99Ms = report.latency.map { 1000 * $0.p99 }
        fps = report.fps
        simulatedJoulesPerThousand = report.joulesPerThousand
        programBytes = report.programBytes
        peakBytes = report.peakBytes
        candidates = report.verdicts
        ladder = report.ladder.map { report.verdicts[$0].candidate.name }
        phases = report.phases
        switches = report.switches
    }

    static let csvHeader = [
        "device", "tier", "figures", "slowdown", "model", "parameters", "stored_bytes", "mean_ms", "p50_ms", "p95_ms",
        "p99_ms", "fps", "accuracy", "answered_accuracy", "answered", "refused", "switches",
        "simulated_joules_per_thousand", "peak_bytes", "failure",
    ].joined(separator: ",")

    var csv: String {
        func cell(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "" }
        return CSVLine.text([
            device.name, tier.rawValue, figures.rawValue, "\(slowdown)", model ?? "", cell(parameters),
            cell(storedBytes), cell(meanMs), cell(p50Ms), cell(p95Ms), cell(p99Ms), cell(fps), cell(accuracy),
            cell(answeredAccuracy), "\(answered)", "\(refusedRequests)", "\(switches.count)",
            cell(simulatedJoulesPerThousand), "\(peakBytes)", failure ?? "",
        ])
    }
}
