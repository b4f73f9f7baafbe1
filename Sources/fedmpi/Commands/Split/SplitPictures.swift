import Analysis
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
    /// one plot; a bar chart of means would hide the tail. Stages that never happened are left out, and the total
    /// is drawn thicker.
    ///
    /// - Parameter report: A report with at least one latency.
    /// - Complexity: O(buckets of the histograms).
    static func latencies(_ report: SplitReport) -> Picture {
        let stages = report.latencies.stages.filter { $0.histogram.count > 0 }
        var data: [String] = []
        for (i, stage) in stages.enumerated() {
            if i > 0 { data += ["", ""] }
            data += ["# \(stage.name)", "# milliseconds,percent_of_images_that_took_no_longer"]
            let all = Double(stage.histogram.count)
            var count = 0
            for bucket in stage.histogram.buckets {
                count += bucket.count
                data.append("\(max(bucket.seconds * 1000, 1e-4)),\(100 * Double(count) / all)")
            }
        }
        let curves = stages.enumerated().map { i, stage -> PlotScript in
            """
            DATA index \(i) using 1:2 with steps lw \(stage.name == "total" ? 3 : 2) \
            lc rgb \(Colour.all[i % Colour.all.count]) title \(text: stage.name)
            """
        }
        let links = Self.links(isSimulated: report.settings.isLinkSimulated)
        let title = "Latency by stage: \(report.model) cut at \(report.cut), \(report.devices) devices\(links)"
        return Picture(
            "latency",
            caption: "Where the time of an image goes\(links): for each stage, how many images took no longer.",
            size: (900, 520), data: data,
            body: """
                set title \(text: title)
                set xlabel "milliseconds"
                set ylabel "images, %"
                set logscale x
                set yrange [0:100]
                plot \(curves.joinedPlots())
                """)
    }

    /// Predicted throughput and latency of a batch for every cut, on two axes: the cut with the most images a
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
        return Picture(
            "cuts",
            caption: "What is predicted of each cut\(links), from what was measured of the layers and the link.",
            size: (900, 520), data: data,
            body: """
                set title \(text: "Predicted by cut\(links); best for \(table.objective.rawValue): \(table.best)")
                set xlabel "layers on the device"
                set ylabel "images a second"
                set y2label "milliseconds of one batch"
                set y2tics nomirror
                set border 11 lc rgb "#777777"
                set xtics 1
                set yrange [0:*]
                set y2range [0:*]
                plot DATA using 1:2 with linespoints pt 7 lw 2 lc rgb \(Colour.all[0]) title "throughput", \\
                     DATA using 1:3 axes x1y2 with linespoints pt 7 lw 2 lc rgb \(Colour.all[1]) title "latency"
                """)
    }

    /// Words for titles that are to be added when links were simulated.
    private static func links(isSimulated: Bool) -> String { isSimulated ? ", simulated links" : "" }
}
