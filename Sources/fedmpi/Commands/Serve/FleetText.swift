import Inference
import Runtime
import Serving

/// A served fleet as a person reads it.
///
/// Parts with an empty line between, from what was decided to how it was measured: which device has which model and why, what
/// each came to, phases of its load, changes of variant, versions that an alias was moved to, reasons (with `--verbose`),
/// measured machines, and a legend of the terms that were used. No table is wider than 80 characters.
struct FleetText {
    /// A report for each device, in the order of the fleet.
    let reports: [DeviceReport]
    /// Measured machines by host.
    let machines: [String: DeviceProfiler.Machine]
    /// The test images that the accuracies are of, in words.
    let testImages: String
    /// What became of versions that aliases were moved to.
    var releases: [ReleaseRecord] = []
    /// Whether a model in whole numbers of eight bits is among those that are offered.
    var hasInt8 = false
    /// Whether devices of a host served at the same time.
    var areAtOnce = false
    /// Answers of a new version that each device decides upon.
    var trialRequests = TrialRules().requests

    /// All parts that have something to say.
    ///
    /// - Parameter verbose: Whether to say why each device has its tier, its limits and its model.
    func text(verbose: Bool) -> String {
        var parts = reports.isEmpty ? [] : [choiceTable, figureTable]
        // The table has a reason for one model; here are those for all.
        let refusals = reports.filter { $0.isRefused && !$0.verdicts.isEmpty }
            .map { Self.wrapped("\($0.device.name): \($0.failure ?? "")") }
        if !refusals.isEmpty { parts.append(refusals.joined(separator: "\n")) }
        if reports.contains(where: { $0.phases.count > 1 }) { parts.append(phaseTable) }
        let missed = reports.compactMap(missedTarget)
        if !missed.isEmpty { parts.append(missed.joined(separator: "\n")) }
        let switches = reports.compactMap(switchLines)
        if !switches.isEmpty { parts.append(switches.joined(separator: "\n")) }
        if reports.contains(where: { $0.epochs.count > 1 }) { parts.append(epochTable) }
        if !releases.isEmpty { parts.append(releaseLines) }
        if verbose { parts.append(reports.map(reasons).joined(separator: "\n\n")) }
        parts += [machineLines, legend].filter { !$0.isEmpty }
        return parts.joined(separator: "\n\n")
    }

    /// What became of each version that an alias was moved to, a line or two each: also of one that was not tried.
    private var releaseLines: String {
        releases.map { record in
            let outcome =
                switch record.decision {
                case .adopted: "took over from \(record.from)"
                case .refused: "was refused: " + record.reasons.joined(separator: "; ")
                case .superseded: "was not tried to the end: the alias was moved on"
                case .untried:
                    "was seen and not tried: the load was over before it could be; \(record.from) served to the end"
                case .undecided:
                    "was seen and not tried to the end: when the load was over it had \(trialAnswers(record)); "
                        + "\(record.from) served to the end. A longer load (--seconds, --requests) decides"
                }
            return Self.wrapped("\(record.release) \(outcome)")
        }.joined(separator: "\n")
    }

    /// The answers that a version gave on each device while it was tried: `120 of 400 answers on phone, none on camera`.
    private func trialAnswers(_ record: ReleaseRecord) -> String {
        let counts = reports.map { report in
            let answers = report.epochs.filter { $0.kind == .trying && $0.other == record.release }
                .reduce(0) { $0 + $1.answeredByOther }
            return "\(answers == 0 ? "none" : Format.grouped(answers)) of \(Format.grouped(trialRequests)) answers on "
                + report.device.name
        }
        return counts.isEmpty ? "no answers" : counts.joined(separator: ", ")
    }

    /// A sentence in lines of 79 characters, whose continuations are indented.
    private static func wrapped(_ text: String) -> String { SettingsText.wrapped(text, indent: 2, first: 0) }

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
                return Self.wrapped(
                    """
                    \(host): \(Format.count(profile.cores, "core")), \(Format.grouped(Int(profile.ramMegabytes))) MB (read); \
                    \(Format.fixed(profile.gflopsPerCore, 1)) GFLOP/s on one thread, \
                    \(Format.fixed(machine.gflopsOfAllThreads, 1)) on all\(bandwidth) (measured\(busy))
                    """)
            }
        }.joined(separator: "\n")
    }

    /// A row for each device: its tier, the model that was chosen for it with its KB of 1,000 bytes as stored, and why it is not
    /// a more accurate one.
    private var choiceTable: String {
        var table = TextTable([
            ("device", .left), ("tier", .left), ("model", .left), ("KB", .right), ("why", .left),
        ])
        for report in reports {
            let chosen = report.ladder.first.map { report.verdicts[$0].candidate }
            table.add([
                report.device.name, report.device.hasTier ? report.tier.tier.rawValue : "-", chosen?.name ?? "-",
                chosen.map { Format.kilobytes($0.storedBytes) } ?? "-", DeviceReason(report).text,
            ])
        }
        return table.text
    }

    /// A row for each device with what it came to; J/1000 are joules of 1,000 answers.
    private var figureTable: String {
        // Where all answers came from the model of the table above, it need not be named again.
        let isMixed = reports.contains { $0.mainStep.map { $0 > 0 } ?? false }
        var table = TextTable(
            [
                ("device", .left), ("accuracy", .right), ("mean ms", .right), ("p95 ms", .right), ("FPS", .right),
                ("J/1000", .right), ("figures", .left),
            ] + (isMixed ? [("answered most", .left)] : []))
        for report in reports {
            let model = report.mainCandidate
            table.add(
                [
                    report.device.name, Format.percent(model?.accuracy), Self.milliseconds(report.latency?.mean),
                    Self.milliseconds(report.latency?.p95), report.fps.map(Self.rate) ?? "-",
                    report.joulesPerThousand.map { Self.significant($0) } ?? "-", Self.figures(report),
                ] + (isMixed ? [model?.name ?? "-"] : []))
        }
        return table.text
    }

    /// How a device's times came about, in words, or that it has not served.
    private static func figures(_ report: DeviceReport) -> String {
        if report.failure != nil { return report.isRefused ? "refused" : "failed" }
        switch report.figures {
        case .measured: return "measured"
        case .enforced: return "enforced, \(Format.fixed(100 * report.device.cpuShare, 0)) % CPU"
        case .simulated: return "simulated × \(significant(report.slowdown))"
        }
    }

    /// A row for each phase of each device's load: what was offered, answered and turned away, and by which
    /// variants.
    private var phaseTable: String {
        let phases = reports.flatMap(\.phases)
        // Where nobody has changed its variant, the first table has said which one answers.
        let isMixed =
            phases.contains { $0.answersByStep.count { $0 > 0 } > 1 } || reports.contains { !$0.switches.isEmpty }
        var table = TextTable(
            [
                ("device, phase", .left), ("offered/s", .right), ("answered", .right), ("turned away", .right),
                ("mean ms", .right), ("p95 ms", .right), ("busy", .right),
            ] + (isMixed ? [("answered by", .left)] : []))
        for report in reports {
            for (index, phase) in report.phases.enumerated() {
                let shares = phase.answersByStep.enumerated().compactMap { step, count in
                    count == 0 || phase.answered == 0
                        ? nil
                        : "\(report.verdicts[report.ladder[step]].candidate.name) "
                            + Self.share(count, of: phase.answered)
                }
                table.add(
                    [
                        "\(report.device.name), \(index + 1)", phase.rate.map(Self.rate) ?? "closed",
                        Format.grouped(phase.answered), Format.grouped(phase.refused),
                        Self.milliseconds(phase.latency?.mean), Self.milliseconds(phase.latency?.p95),
                        phase.seconds > 0 ? Format.fixed(100 * phase.busySeconds / phase.seconds, 0) + " %" : "-",
                    ] + (isMixed ? [shares.joined(separator: ", ")] : []))
            }
        }
        return table.text
    }

    /// The phases in which a device was slower than was asked for, in a line; nil where it was in none.
    private func missedTarget(_ report: DeviceReport) -> String? {
        guard let target = report.budget?.latency else { return nil }
        let missed = report.phases.enumerated().compactMap { index, phase -> String? in
            guard let p95 = phase.latency?.p95, p95 > target else { return nil }
            return "phase \(index + 1) (p95 \(Self.milliseconds(p95)) ms)"
        }
        guard !missed.isEmpty else { return nil }
        return Self.wrapped(
            "\(report.device.name) missed --max-latency-ms \(Self.significant(1000 * target)) in \(missed.joined(separator: ", "))"
        )
    }

    /// A part of all in per cent, a word that is not broken; what is too small for one is not none.
    private static func share(_ count: Int, of all: Int) -> String {
        let percent = 100 * Double(count) / Double(all)
        return "\(percent <= 0.5 ? "<1" : Format.fixed(percent, 0))\u{A0}%"
    }

    /// A row for each stretch of each device's time: what served, what was loaded or tried beside it, and the latencies. Names
    /// of several models are too long for it: letters stand for them, which are told above.
    private var epochTable: String {
        let names = reports.flatMap(\.epochs).flatMap { [$0.release] + ($0.other.map { [$0] } ?? []) }
            .reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let letters = names.contains { $0.count > Self.longestRelease } && names.count <= 26
        func shown(_ name: String) -> String {
            guard letters, let place = names.firstIndex(of: name) else { return name }
            return String(UnicodeScalar(UInt8(ascii: "A") + UInt8(place)))
        }
        let list = letters ? names.map { Self.wrapped("\(shown($0)): \($0)") } : []
        var table = TextTable([
            ("device, from s", .left), ("release", .left), ("beside it", .left), ("answered", .right),
            ("by the latter", .right), ("p50 ms", .right), ("p95 ms", .right), ("longest ms", .right),
        ])
        for report in reports {
            for epoch in report.epochs {
                table.add([
                    "\(report.device.name), \(Format.fixed(epoch.start, 2))", shown(epoch.release),
                    epoch.other.map { "\(shown($0)) \(epoch.kind == .loading ? "loads" : "is tried")" } ?? "-",
                    Format.grouped(epoch.answered), Format.grouped(epoch.answeredByOther),
                    epoch.p50Ms.map { Self.significant($0) } ?? "-", epoch.p95Ms.map { Self.significant($0) } ?? "-",
                    epoch.longestMs.map { Self.significant($0) } ?? "-",
                ])
            }
        }
        return (list + [table.text]).joined(separator: "\n")
    }

    /// Characters of a release's name that have room in the table of stretches.
    private static let longestRelease = 6

    /// Most changes of variant that are printed for a device; `fleet.json` has all.
    private static let shownSwitches = 12

    /// The changes of a device's variant with their reasons, a line each; nil without any.
    private func switchLines(_ report: DeviceReport) -> String? {
        guard !report.switches.isEmpty else { return nil }
        func name(_ step: Int) -> String { report.verdicts[report.ladder[step]].candidate.name }
        var lines = report.switches.prefix(Self.shownSwitches).map { change in
            Self.wrapped(
                "\(report.device.name) at \(Format.fixed(change.seconds, 2)) s: \(name(change.from)) → \(name(change.to)): "
                    + change.reason)
        }
        if report.switches.count > Self.shownSwitches {
            lines.append(
                "\(report.device.name): \(report.switches.count - Self.shownSwitches) more switches, in fleet.json")
        }
        return lines.joined(separator: "\n")
    }

    /// Why a device has its tier, its limits and its model, and why it has not the others.
    private func reasons(_ report: DeviceReport) -> String {
        let name = report.device.name
        var lines = [
            report.device.hasTier
                ? Self.wrapped(
                    "\(name) is \(report.tier.tier.rawValue): \(report.tier.reasons.joined(separator: "; "))")
                : Self.wrapped(
                    "\(name) has no tier: it states its memory for models, "
                        + "\(Self.significant(report.device.modelMegabytes ?? 0)) MB")
        ]
        lines += report.limits.map { Self.labelled("limit", $0) }
        for verdict in report.verdicts {
            let costs =
                "p95 \(Self.milliseconds(verdict.candidate.p95)) ms, \(Format.percent(verdict.candidate.accuracy))"
            let line =
                switch verdict.step {
                case 0?: Self.labelled("chosen", "\(verdict.candidate.name), \(costs)")
                case let step?: Self.labelled("step \(step)", "\(verdict.candidate.name), \(costs)")
                case nil:
                    Self.labelled(
                        "rejected", "\(verdict.candidate.name): \(verdict.rejections.joined(separator: "; "))")
                }
            lines.append(line)
        }
        if report.peakBytes > 0 {
            lines.append(
                Self.labelled(
                    "memory",
                    "\(Format.megabytes(report.peakBytes)) at most, \(Format.megabytes(report.programBytes)) of it the program's"
                ))
        }
        return lines.joined(separator: "\n")
    }

    /// A line of the reasons, with its continuations below its words.
    private static func labelled(_ label: String, _ text: String) -> String {
        let words = SettingsText.wrapped(text, indent: 13, first: 13)
        return Format.leftAligned("  \(label)", to: 13) + words.dropFirst(13)
    }

    /// The meaning of the terms in the tables, a line for each that was used.
    private var legend: String {
        var lines: [String] = []
        if reports.contains(where: { $0.device.hasTier }) {
            lines.append("tier: by memory, cores and GFLOP/s; it bounds a model's size (`fedmpi help tiers`).")
        }
        if reports.contains(where: { !$0.device.hasTier }) {
            lines.append(
                "tier -: a class of a simulated fleet, or a device with model-mb. Its memory bounds a model's weights and "
                    + "tensors, as in `fedmpi fleet`; nothing is known of the rest, which a tier asks for.")
        }
        if reports.contains(where: { $0.epochs.count > 1 }) {
            lines.append(
                "release: what the followed aliases meant. Of its models, and those beside it in --models, the first table names "
                    + "the one that answered on a device.")
        }
        if reports.contains(where: { $0.figures == .simulated }) {
            let isPaced = reports.contains { !$0.epochs.isEmpty }
            lines.append(
                "simulated × n: times measured on this machine, then multiplied"
                    + (isPaced ? "." : "; nobody waited that long."))
        }
        if reports.contains(where: { $0.figures == .enforced }) {
            lines.append("enforced: measured, while the kernel kept the device's process to its share of a core.")
        }
        if !releases.isEmpty || reports.contains(where: { !$0.switches.isEmpty }) {
            lines.append(
                "model: the one that was chosen at first. accuracy: of the one that answered most, which need not be the last."
            )
        }
        if reports.contains(where: { $0.joulesPerThousand != nil }) {
            lines.append(
                "J/1000: joules of 1,000 answers, simulated: the stated watts times the seconds busy and idle"
                    + (reports.contains { $0.joulesPerThousand == nil && $0.failure == nil } ? "; - states none." : ".")
            )
        }
        if areAtOnce {
            lines.append(
                "Devices served at the same time on one machine, and took time from each other: compare times with such runs only."
            )
        }
        lines.append("accuracy: on \(testImages).")
        lines.append("ms: of one image on one thread, from its request to its answer; FPS: answers a second.")
        if hasInt8, let note = IntegerNote.text {
            lines.append(note)
        }
        return lines.map(Self.wrapped).joined(separator: "\n")
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
