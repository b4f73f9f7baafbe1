import Inference
import Runtime
import Serving

/// The fleet as a person reads it.
struct FleetText {
    let reports: [DeviceReport]
    /// By host.
    let machines: [String: DeviceProfiler.Machine]
    /// What the accuracies are of.
    let testImages: String

    func text(verbose: Bool) -> String {
        var parts = [machineLines, fleetTable]
        if reports.contains(where: { $0.phases.count > 1 }) { parts.append(phaseTable) }
        let failures = reports.compactMap { report in report.failure.map { "\(report.device.name): \($0)" } }
        if !failures.isEmpty { parts.append(failures.joined(separator: "\n")) }
        let switches = reports.compactMap(switchLines)
        if !switches.isEmpty { parts.append(switches.joined(separator: "\n")) }
        if verbose { parts.append(reports.map(reasons).joined(separator: "\n\n")) }
        parts.append(legend)
        return parts.joined(separator: "\n\n")
    }

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

    private static func figures(_ report: DeviceReport) -> String {
        if report.failure != nil { return report.isRefused ? "refused" : "failed" }
        switch report.figures {
        case .measured: return "measured"
        case .enforced: return "measured, \(Format.fixed(100 * report.device.cpuShare, 0)) % CPU enforced"
        case .simulated: return "simulated, times × \(significant(report.slowdown))"
        }
    }

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

    private static let shownSwitches = 12

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

    private static func milliseconds(_ seconds: Double?) -> String { seconds.map { significant(1000 * $0) } ?? "-" }

    /// Three digits that count: 0.0123, 1.23, 12.3, 1,234.
    private static func significant(_ value: Double) -> String {
        switch abs(value) {
        case ..<0.1: Format.fixed(value, 4)
        case ..<10: Format.fixed(value, 3)
        case ..<100: Format.fixed(value, 2)
        case ..<1000: Format.fixed(value, 1)
        default: Format.grouped(Int(value.rounded()))
        }
    }

    private static func rate(_ value: Double) -> String {
        value < 100 ? Format.fixed(value, 1) : Format.grouped(Int(value.rounded()))
    }
}
