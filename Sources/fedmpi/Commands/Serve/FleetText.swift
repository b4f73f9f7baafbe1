import Inference
import Runtime
import Serving

/// A served fleet as a person reads it.
///
/// Parts with an empty line between: the measured machines, a row for each device, a row for each phase of its
/// load, failures, changes of variant, reasons (with `--verbose`), and a legend of the terms that were used.
struct FleetText {
    /// A report for each device, in the order of the fleet.
    let reports: [DeviceReport]
    /// Measured machines by host.
    let machines: [String: DeviceProfiler.Machine]
    /// The test images that the accuracies are of, in words.
    let testImages: String

    /// All parts that have something to say.
    ///
    /// - Parameter verbose: Whether to say why each device has its tier, its limits and its model.
    func text(verbose: Bool) -> String {
        var parts = [machineLines, fleetTable]
        if reports.contains(where: { $0.phases.count > 1 }) { parts.append(phaseTable) }
        if reports.contains(where: { $0.epochs.count > 1 }) { parts.append(epochTable) }
        let failures = reports.compactMap { report in report.failure.map { "\(report.device.name): \($0)" } }
        if !failures.isEmpty { parts.append(failures.joined(separator: "\n")) }
        let switches = reports.compactMap(switchLines)
        if !switches.isEmpty { parts.append(switches.joined(separator: "\n")) }
        if verbose { parts.append(reports.map(reasons).joined(separator: "\n\n")) }
        parts.append(legend)
        return parts.joined(separator: "\n\n")
    }

    /// A line for each host: what was read of it and what was measured. A busy machine is said to be one, because
    /// its figures are then too low.
    private var machineLines: String {
        machines.keys.sorted().compactMap { host in
            machines[host].map { machine in
                let profile = machine.profile
                let busy =
                    machine.isBusy
                    ? "; busy: others took \(Format.fixed(100 * (1 - machine.processorShare), 0)) % of its cores' time, "
                        + "so that the figure for all is too low" : ""
                let bandwidth = profile.memoryBandwidth.map { ", \(Format.fixed($0, 1)) GB/s" } ?? ""
                return """
                    \(host): \(Format.count(profile.cores, "core")), \(Format.grouped(Int(profile.ramMegabytes))) MB (read); \
                    \(Format.fixed(profile.gflopsPerCore, 1)) GFLOP/s on one thread, \
                    \(Format.fixed(machine.gflopsOfAllThreads, 1)) on all\(bandwidth) (measured\(busy))
                    """
            }
        }.joined(separator: "\n")
    }

    /// A row for each device, with the model that answered most. KB are 1,000 bytes, J/1000 joules of 1,000
    /// answers.
    private var fleetTable: String {
        var table = TextTable([
            ("device", .left), ("tier", .left), ("model", .left), ("parameters", .right), ("KB", .right),
            ("mean ms", .right), ("p95 ms", .right), ("FPS", .right), ("accuracy", .right), ("J/1000", .right),
            ("figures", .left),
        ])
        for report in reports {
            let model = report.mainCandidate
            table.add([
                report.device.name, report.tier.tier.rawValue, model?.name ?? "-",
                model.map { Format.grouped($0.parameters) } ?? "-",
                model.map { Format.kilobytes($0.storedBytes) } ?? "-",
                Self.milliseconds(report.latency?.mean), Self.milliseconds(report.latency?.p95),
                report.fps.map(Self.rate) ?? "-", Format.percent(model?.accuracy),
                report.joulesPerThousand.map { Self.significant($0) } ?? "-", Self.figures(report),
            ])
        }
        return table.text
    }

    /// How a device's times came about, in words, or that it has not served.
    private static func figures(_ report: DeviceReport) -> String {
        if report.failure != nil { return report.isRefused ? "refused" : "failed" }
        switch report.figures {
        case .measured: return "measured"
        case .enforced: return "measured, \(Format.fixed(100 * report.device.cpuShare, 0)) % CPU enforced"
        case .simulated: return "simulated, times × \(significant(report.slowdown))"
        }
    }

    /// A row for each phase of each device's load: what was offered, answered and turned away, and by which
    /// variants.
    private var phaseTable: String {
        var table = TextTable([
            ("device", .left), ("phase", .right), ("offered/s", .right), ("answered", .right), ("turned away", .right),
            ("mean ms", .right), ("p95 ms", .right), ("busy", .right), ("answered by", .left),
        ])
        for report in reports {
            for (index, phase) in report.phases.enumerated() {
                let shares = phase.answersByStep.enumerated().compactMap { step, count in
                    count == 0 || phase.answered == 0
                        ? nil
                        : "\(report.verdicts[report.ladder[step]].candidate.name) "
                            + "\(Format.fixed(100 * Double(count) / Double(phase.answered), 0)) %"
                }
                table.add([
                    index == 0 ? report.device.name : "", "\(index + 1)", phase.rate.map(Self.rate) ?? "closed",
                    Format.grouped(phase.answered), Format.grouped(phase.refused),
                    Self.milliseconds(phase.latency?.mean), Self.milliseconds(phase.latency?.p95),
                    phase.seconds > 0 ? Format.fixed(100 * phase.busySeconds / phase.seconds, 0) + " %" : "-",
                    shares.joined(separator: ", "),
                ])
            }
        }
        return table.text
    }

    /// A row for each stretch of each device's time: what served, what was loaded or tried beside it, and the latencies.
    private var epochTable: String {
        var table = TextTable([
            ("device", .left), ("from s", .right), ("serves", .left), ("beside it", .left), ("answered", .right),
            ("by that", .right), ("p50 ms", .right), ("p95 ms", .right), ("longest ms", .right),
        ])
        for report in reports {
            for (index, epoch) in report.epochs.enumerated() {
                table.add([
                    index == 0 ? report.device.name : "", Format.fixed(epoch.start, 2), epoch.release,
                    epoch.other.map { "\($0) \(epoch.kind == .loading ? "loads" : "is tried")" } ?? "-",
                    Format.grouped(epoch.answered), Format.grouped(epoch.answeredByOther),
                    epoch.p50Ms.map { Self.significant($0) } ?? "-", epoch.p95Ms.map { Self.significant($0) } ?? "-",
                    epoch.longestMs.map { Self.significant($0) } ?? "-",
                ])
            }
        }
        return table.text
    }

    /// Most changes of variant that are printed for a device; `fleet.json` has all.
    private static let shownSwitches = 12

    /// The changes of a device's variant with their reasons, a line each; nil without any.
    private func switchLines(_ report: DeviceReport) -> String? {
        guard !report.switches.isEmpty else { return nil }
        func name(_ step: Int) -> String { report.verdicts[report.ladder[step]].candidate.name }
        var lines = report.switches.prefix(Self.shownSwitches).map { change in
            "\(report.device.name) at \(Format.fixed(change.seconds, 2)) s: \(name(change.from)) → \(name(change.to)): \(change.reason)"
        }
        if report.switches.count > Self.shownSwitches {
            lines.append(
                "\(report.device.name): \(report.switches.count - Self.shownSwitches) more switches, in fleet.json")
        }
        return lines.joined(separator: "\n")
    }

    /// Why a device has its tier, its limits and its model, and why it has not the others.
    private func reasons(_ report: DeviceReport) -> String {
        var lines = [
            "\(report.device.name) is \(report.tier.tier.rawValue): \(report.tier.reasons.joined(separator: "; "))"
        ]
        lines += report.limits.map { "  limit      \($0)" }
        for verdict in report.verdicts {
            let costs =
                "p95 \(Self.milliseconds(verdict.candidate.p95)) ms, \(Format.percent(verdict.candidate.accuracy))"
            let what =
                switch verdict.step {
                case 0?: "chosen     \(verdict.candidate.name), \(costs)"
                case let step?: "step \(step)     \(verdict.candidate.name), \(costs)"
                case nil: "rejected   \(verdict.candidate.name): \(verdict.rejections.joined(separator: "; "))"
                }
            lines.append("  " + what)
        }
        if report.peakBytes > 0 {
            lines.append(
                "  memory     \(Format.megabytes(report.peakBytes)) at most, \(Format.megabytes(report.programBytes)) of it the program's"
            )
        }
        return lines.joined(separator: "\n")
    }

    /// The meaning of the terms in the tables, a line for each that was used.
    private var legend: String {
        var lines: [String] = []
        if reports.contains(where: { $0.figures == .simulated }) {
            lines.append("simulated: measured on this machine, then multiplied; nobody waited that long.")
        }
        if reports.contains(where: { !$0.switches.isEmpty }) {
            lines.append("model: the one that answered most.")
        }
        if reports.contains(where: { $0.joulesPerThousand != nil }) {
            lines.append(
                "J/1000: joules of 1,000 answers, simulated: the stated watts times the seconds busy and idle.")
        }
        lines.append(
            "accuracy: on \(testImages); latencies: one image on one thread, from its request to its answer.")
        return lines.joined(separator: "\n")
    }

    /// Seconds as milliseconds; a dash without a value.
    private static func milliseconds(_ seconds: Double?) -> String { seconds.map { significant(1000 * $0) } ?? "-" }

    /// A number with about three significant digits, whatever its size: 0.0123, 1.230, 12.30, 123.0, 1,234.
    /// Latencies of a fleet differ by decades, and fixed decimals would show zeros for the fastest.
    private static func significant(_ value: Double) -> String {
        switch abs(value) {
        case ..<0.1: Format.fixed(value, 4)
        case ..<10: Format.fixed(value, 3)
        case ..<100: Format.fixed(value, 2)
        case ..<1000: Format.fixed(value, 1)
        default: Format.grouped(Int(value.rounded()))
        }
    }

    /// Requests or answers a second: one decimal below 100.
    private static func rate(_ value: Double) -> String {
        value < 100 ? Format.fixed(value, 1) : Format.grouped(Int(value.rounded()))
    }
}
