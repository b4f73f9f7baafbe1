import Analysis
import FedCore
import Inference
import Runtime

/// The pictures that `fedmpi split --pictures` draws: `latency.png` and, after `--cut auto`, `cuts.png`.
enum SplitPictures {
    /// Pictures for which the report has data. A run whose images all lost their predictions has no latencies to
    /// draw.
    static func all(_ report: SplitReport) -> [Picture] {
        let isSimulated = report.settings.isLinkSimulated
        return (report.latencies.total.count > 0 ? [latencies(report)] : [])
            + (report.cuts.map { [cuts($0, isLinkSimulated: isSimulated)] } ?? [])
    }

    /// The distribution of each stage's time: how many percent of the images took no longer than a number of
    /// milliseconds.
    ///
    /// Cumulative curves over a logarithmic axis show the median and the tail of stages that differ by decades in
    /// one plot; a bar chart of means would hide the tail. The axis begins at a microsecond, which is as fine as it is
    /// worth reading: a curve begins there with all images that took less, and a stage in which all did is left out.
    /// The total is drawn thicker.
    ///
    /// - Parameter report: A report with at least one latency.
    /// - Complexity: O(buckets of the histograms).
    static func latencies(_ report: SplitReport) -> Picture {
        var data: [String] = []
        var names: [String] = []
        var below: [String] = []
        var longest = 0.0
        // The total first, so that no stage is hidden behind it.
        let stages = report.latencies.stages.sorted { ($0.name == "total" ? 0 : 1) < ($1.name == "total" ? 0 : 1) }
        for stage in stages where stage.histogram.count > 0 {
            let all = Double(stage.histogram.count)
            var lines: [String] = []
            var count = 0
            for bucket in stage.histogram.buckets {
                count += bucket.count
                longest = max(longest, 1000 * bucket.seconds)
                // The last of those below the axis stands at its beginning.
                if bucket.seconds <= 1e-6 { lines.removeAll() }
                lines.append("\(max(bucket.seconds * 1000, 1e-3)),\(100 * Double(count) / all)")
            }
            let short = stage.histogram.buckets.reduce(0) { $0 + ($1.seconds <= 1e-6 ? $1.count : 0) }
            if short > 0 { below.append("\(NumberText.percent(Double(short) / all, 0)) of \(stage.name)") }
            guard short < stage.histogram.count else { continue }
            if !names.isEmpty { data += ["", ""] }
            names.append(stage.name)
            data += ["# \(stage.name)", "# milliseconds,percent_of_images_that_took_no_longer"] + lines
        }
        let curves = names.enumerated().map { i, name -> PlotScript in
            """
            DATA index \(i) using 1:2 with steps lw \(name == "total" ? 4 : 1.5) \
            lc rgb \(name == "total" ? Colour(0xbbbbbb) : Colour.all[(i - 1) % 6]) title \(text: name)
            """
        }
        let links = Self.links(isSimulated: report.settings.isLinkSimulated)
        let first = data.compactMap { line in line.split(separator: ",").first.flatMap { Double($0) } }.min() ?? 1e-3
        return Picture(
            "latency",
            caption: "Where the time of an image goes\(links): for each stage, how many images took no longer."
                + (below.isEmpty
                    ? "" : " Less than a microsecond, and left of the axis: \(below.joined(separator: ", "))."),
            data: data,
            panel: Panel(
                Panel.cut(
                    "Latency by stage: \(report.model) cut at \(report.cut), \(report.devices) devices\(links)", to: 82),
                height: 300, key: names,
                body: """
                    set xlabel "milliseconds"
                    set ylabel "images, %"
                    set logscale x
                    set xrange [\(first):\(max(longest, 2 * first) * 1.2)]
                    set yrange [0:100]
                    plot \(curves.isEmpty ? "-1 notitle" : curves.joinedPlots())
                    """))
    }

    /// Predicted throughput and latency of a batch for every cut, in a plot each: the cut with the most images a
    /// second need not be the one with the shortest latency, which is why `--objective` exists.
    ///
    /// - Parameters:
    ///   - table: The predictions.
    ///   - isLinkSimulated: Whether the link's figures come from a simulation, which the title says.
    static func cuts(_ table: CutTable, isLinkSimulated: Bool) -> Picture {
        let links = links(isSimulated: isLinkSimulated)
        let data =
            ["# cut,images_per_second,batch_ms,bytes_up"]
            + table.rows.map {
                "\($0.cut),\($0.throughput),\($0.latency * 1000),\($0.costs.upBytes)"
            }
        let cuts = table.rows.map(\.cut)
        let first = cuts.min() ?? 0
        let axis = Picture.roundAxis(first...max(first, cuts.max() ?? first))
        func panel(_ title: String, _ label: String, _ column: Int, _ colour: Colour) -> [Panel] {
            [
                Panel(
                    title, height: 180,
                    body: """
                        set xlabel "layers on the device"
                        \(axis)
                        set ylabel \(text: label)
                        set format y "%.3s%c"
                        set yrange [0:*]
                        plot DATA using 1:\(column) with linespoints pt 7 ps 0.5 lw 1.5 lc rgb \(colour) notitle
                        """)
            ]
        }
        return Picture(
            "cuts",
            caption:
                "What is predicted of each cut\(links), from what was measured of the layers and the link: the best "
                + "for \(table.objective.rawValue) is \(table.best).",
            data: data,
            rows: [
                panel("Predicted throughput by cut\(links)", "images a second", 2, Colour.all[0]),
                panel("Predicted time of a batch by cut\(links)", "milliseconds", 3, Colour.all[1]),
            ])
    }

    /// Words for titles that are to be added when links were simulated.
    private static func links(isSimulated: Bool) -> String { isSimulated ? ", simulated links" : "" }
}
