import Inference
import Runtime

/// The report of split inference as a terminal shows it.
///
/// Four parts, an empty line between two: the table of cuts if one was measured, what was run, the latencies by
/// stage, and the figures of the whole. Each line begins with a word in a column of ten characters, as in every
/// command's output.
struct SplitText {
    private let report: SplitReport

    /// Takes a report; nothing is computed before ``text`` is asked for.
    init(_ report: SplitReport) { self.report = report }

    /// All parts, with a line end behind the last.
    var text: String {
        var parts: [String] = []
        if let cuts = report.cuts { parts.append(table(of: cuts)) }
        parts.append(header)
        parts.append(latencies)
        parts.append(summary)
        return parts.joined(separator: "\n\n") + "\n"
    }

    private var settings: SplitSettings { report.settings }

    /// Model, cut, data, devices and simulated links: what a reader needs to repeat the run.
    private var header: String {
        let shape = report.features.map { "\($0)" }.joined(separator: "×")
        var lines = [
            "model     \(report.model), cut at \(report.cut) of \(report.layers): "
                + (report.cut < report.layers
                    ? "\(shape) features cross as \(settings.features)" : "all on the devices, nothing crosses"),
            "data      \(settings.testImages)",
            "devices   \(report.devices), \(settings.rate.map { "\(Format.fixed($0, 0)) images a second arrive in all" } ?? "closed loop"), "
                + "messages of \(settings.batch), window \(settings.window)",
        ]
        if let simulated { lines.append("simulated \(simulated)") }
        return lines.joined(separator: "\n")
    }

    /// The simulated limits of links, in words; nil when nothing was simulated.
    private var simulated: String? {
        var parts = devices
        if let bandwidth = settings.bandwidthMbps { parts.append("links of \(bandwidth) Mbit/s") }
        if let bandwidth = settings.serverBandwidthMbps { parts.append("a server's link of \(bandwidth) Mbit/s") }
        if settings.latencyMs > 0 { parts.append("\(settings.latencyMs) ms for each message") }
        return parts.isEmpty ? nil : parts.joined(separator: ", ")
    }

    /// The simulated devices and how many ranks are each, in words; none where ranks are as fast as they are.
    private var devices: [String] {
        let classes = settings.devices ?? []
        return classes.enumerated().compactMap { index, device in
            let ranks = (0..<report.devices).count { $0 % classes.count == index }
            guard ranks > 0 else { return nil }
            return "\(ranks) \(device.name) of \(device.gigaflops) GFLOP/s at most, "
                + "\(Format.grouped(device.memoryBytes / 1024)) KB and \(device.linkMegabits) Mbit/s"
        }
    }

    /// A row for each stage that happened, in milliseconds. Percentiles of stages do not add up to those of the
    /// total.
    private var latencies: String {
        var table = TextTable([
            ("latency, ms", .left), ("p50", .right), ("p95", .right), ("p99", .right), ("max", .right),
        ])
        for (name, histogram) in report.latencies.stages where histogram.count > 0 {
            let summary = histogram.summary
            table.add([name] + [summary.p50, summary.p95, summary.p99, summary.max].map { Format.fixed($0 * 1000, 3) })
        }
        return table.text
    }

    /// The figures of the whole run, a line each: images, losses, accuracy, bytes of an image, how busy both
    /// sides were, the server's passes, and the comparison with the stages alone. Lines for which there is no
    /// figure are left out.
    private var summary: String {
        var lines = [
            "images    \(Format.grouped(report.images)) in \(Format.fixed(report.seconds, 3)) s, "
                + "\(Format.grouped(Int(report.throughput))) a second"
        ]
        if report.imagesLost > 0 {
            let ranks = report.lost.map { "\($0)" }.joined(separator: ", ")
            lines.append(
                "lost      \(Format.grouped(report.imagesLost)) images, with rank \(ranks); "
                    + "\(Format.grouped(report.imagesLostAnswered)) of them had been answered")
        } else if report.lost.contains(0) {
            let local = report.perDevice.reduce(0) { $0 + $1.labels.count - $1.answered }
            lines.append("lost      the server; the devices finished \(Format.grouped(local)) images alone")
        }
        lines.append("accuracy  \(accuracy)")
        let bytes = report.bytes
        if bytes.features > 0 {
            lines.append(
                "bytes     \(bytes.features) of features an image, \(Format.fixed(bytes.up, 1)) sent and "
                    + "\(Format.fixed(bytes.down, 1)) received with headers; raw \(Format.grouped(bytes.rawFloat)) as floats "
                    + "(\(saving(bytes.savedOfFloat))), \(bytes.rawByte) as bytes (\(saving(bytes.savedOfByte)))")
        }
        lines.append(
            "busy      devices \(Format.percent(report.deviceUtilisation)) in the mean"
                + (report.serverUtilisation.map { ", server \(Format.percent($0))" } ?? ""))
        if let server = report.server, server.passes > 0 {
            let mean = Double(server.images) / Double(server.passes)
            lines.append(
                "server    \(Format.grouped(server.passes)) passes of \(Format.fixed(mean, 1)) images, the largest of "
                    + "\(server.largestPass); at most \(server.mostWaiting) messages waited")
        }
        if let alone = report.alone { lines += self.alone(alone) }
        return lines.joined(separator: "\n")
    }

    /// The share of bytes that features save, in words: larger features read as "more", not as a negative saving.
    private func saving(_ share: Double) -> String {
        share >= 0 ? "\(Format.fixed(share * 100, 1)) % less" : "\(Format.fixed(-share * 100, 1)) % more"
    }

    /// The accuracy beside that of the unsplit model, and in how many predictions the two differ.
    ///
    /// Equal accuracies prove little, because errors may cancel; the count of differing predictions cannot.
    private var accuracy: String {
        guard report.images > 0 else { return "unknown: no prediction is left" }
        let own = Format.percent(report.accuracy)
        guard let unsplit = report.unsplitAccuracy, let differences = report.differences else { return own }
        let comparison =
            differences == 0
            ? "every prediction is the unsplit model's"
            : "\(Format.count(differences, "prediction")) of \(Format.grouped(report.images)) not the unsplit model's"
        return "\(own), unsplit \(Format.percent(unsplit)); \(comparison)"
    }

    /// The throughput beside what each side can do without the other.
    ///
    /// The slower side limits any pipeline, so the share of its rate says what the split itself costs. With one
    /// message under way in a closed loop, an image's latency should be computing plus a round trip; the second
    /// line says how far above that the median is.
    ///
    /// - Parameter alone: The rates that were measured before the run.
    private func alone(_ alone: SplitReport.StagesAlone) -> [String] {
        let share = report.throughput / alone.slower
        var lines = [
            "alone     devices \(Format.grouped(Int(alone.devices))) images a second, server "
                + "\(Format.grouped(Int(alone.server))); the whole does \(Format.percent(share)) of the slower",
            "ping-pong \(Format.fixed(alone.pingPong * 1000, 3)) ms for a message and its answer",
        ]
        let stages = report.latencies
        if settings.rate == nil, settings.window == 1, stages.total.count > 0 {
            let compute = stages.device.summary.p50 + stages.server.summary.p50
            let above = stages.total.summary.p50 - compute - alone.pingPong
            lines[1] += "; p50 is \(Format.fixed(above * 1000, 3)) ms above computing and ping-pong"
        }
        return lines
    }

    /// The predictions for every cut, with the resource that limits each, and the link's figures that they were
    /// made from.
    private func table(of cuts: CutTable) -> String {
        var table = TextTable([
            ("cut", .right), ("device us", .right), ("server us", .right), ("bytes up", .right), ("images/s", .right),
            ("limited by", .left), ("batch ms", .right), ("", .left),
        ])
        for row in cuts.rows {
            table.add([
                "\(row.cut)", Format.fixed(row.costs.deviceSeconds * 1e6, 1),
                Format.fixed(row.costs.serverSeconds * 1e6, 1), Format.fixed(row.costs.upBytes, 0),
                Format.grouped(Int(row.throughput)), row.limit.rawValue, Format.fixed(row.latency * 1000, 3),
                row.cut == cuts.best ? "best \(cuts.objective.rawValue)" : "",
            ])
        }
        let link = cuts.conditions.link
        return table.text
            + "\nlink      \(Format.fixed(link.latency * 1000, 3)) ms a message, "
            + "\(Format.fixed(link.bandwidth * 8 / 1e6, link.bandwidth < 1.25e7 ? 2 : 0)) Mbit/s, as measured\(settings.isLinkSimulated ? " of simulated links" : "")"
    }
}
