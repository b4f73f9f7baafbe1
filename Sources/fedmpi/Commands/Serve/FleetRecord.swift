import FedCore
import Inference
import Runtime
import Serving

/// A device as `fleet.json`, `fleet.csv` and `--json` show it. What is absent is not known, or the device has not
/// served.
///
/// Units are in the names: `Ms` is milliseconds, and other times are seconds on the device's clock. Whether times
/// were measured or simulated stands beside them in ``figures``, in every row, so that no figure is read without
/// it.
struct FleetRecord: Encodable {
    /// The device, with the origin of each quantity: stated or measured.
    let device: DeviceProfile
    /// Absent where the device states its memory for models.
    let tier: Tier?
    /// Whether the tier bounds the size of models; not where the device states its memory for models.
    let hasTier: Bool
    /// Sentences that say why the device has its tier.
    let tierReasons: [String]
    /// Why the device has not served; absent when it has.
    let failure: String?
    /// How the latencies came about: `measured`, `enforced` or `simulated`.
    let figures: DeviceReport.Figures
    /// Factor of simulated times; 1 without one.
    let slowdown: Double
    /// Sentences that say which limits the kernel kept and which were simulated.
    let limits: [String]
    /// Why it has the model that it has, in a sentence.
    let reason: String
    /// The variant that answered most, and what the device chose before any load.
    let model: String?
    let chosen: String?
    /// Parameters of ``model``.
    let parameters: Int?
    /// Bytes of its weights as they are stored.
    let storedBytes: Int?
    /// Share of the test images that it gets right, in [0, 1].
    let accuracy: Double?
    /// Share of all answers that were right, in [0, 1]: of several variants, where the device has changed.
    let answeredAccuracy: Double?
    let answered: Int
    /// Requests that came: ``answered`` and ``refusedRequests`` are all of them.
    let arrived: Int
    /// Requests that were turned away, because the queue was full.
    let refusedRequests: Int
    let seconds: Double
    /// The part of ``seconds`` in which the device computed.
    let busySeconds: Double
    /// Latency from arrival to answer, over all phases.
    let meanMs: Double?
    let p50Ms: Double?
    let p95Ms: Double?
    let p99Ms: Double?
    /// Answers a second.
    let fps: Double?
    /// Simulated: stated watts times seconds.
    let simulatedJoulesPerThousand: Double?
    /// Memory of the process without the models' tensors.
    let programBytes: Int
    /// The most memory that the process had.
    let peakBytes: Int
    /// Every model with its benchmark, and the reasons against it.
    let candidates: [ModelSelector.Verdict]
    /// Names of the models that the device changes between, the most accurate first.
    let ladder: [String]
    let phases: [DeviceReport.Phase]
    let switches: [VariantSwitch]
    /// Stretches of time by the version that served, where aliases were followed.
    let epochs: [ServingEpoch]?

    /// Copies what the files show.
    init(_ report: DeviceReport) {
        device = report.device
        tier = report.device.hasTier ? report.tier.tier : nil
        hasTier = report.device.hasTier
        tierReasons = report.device.hasTier ? report.tier.reasons : []
        failure = report.failure
        figures = report.figures
        slowdown = report.slowdown
        limits = report.limits
        reason = DeviceReason(report).text
        let main = report.mainCandidate
        model = main?.name
        chosen = report.choice?.name
        parameters = main?.parameters
        storedBytes = main?.storedBytes
        accuracy = main?.accuracy
        answeredAccuracy = report.answeredAccuracy
        answered = report.answered
        arrived = report.arrived
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
        epochs = report.epochs.isEmpty ? nil : report.epochs
    }

    /// Titles of `fleet.csv`, in the order of ``csv``.
    static let csvHeader = [
        "device", "tier", "figures", "slowdown", "model", "parameters", "stored_bytes", "mean_ms", "p50_ms", "p95_ms",
        "p99_ms", "fps", "accuracy", "answered_accuracy", "answered", "refused", "switches",
        "simulated_joules_per_thousand", "peak_bytes", "failure",
    ].joined(separator: ",")

    /// The device as a line of `fleet.csv`, without a line end; what is absent is an empty cell.
    var csv: String {
        func cell(_ value: (some CustomStringConvertible)?) -> String { value.map { "\($0)" } ?? "" }
        return CSVLine.text([
            device.name, tier?.rawValue ?? "", figures.rawValue, "\(slowdown)", model ?? "", cell(parameters),
            cell(storedBytes), cell(meanMs), cell(p50Ms), cell(p95Ms), cell(p99Ms), cell(fps), cell(accuracy),
            cell(answeredAccuracy), "\(answered)", "\(refusedRequests)", "\(switches.count)",
            cell(simulatedJoulesPerThousand), "\(peakBytes)", failure ?? "",
        ])
    }
}
