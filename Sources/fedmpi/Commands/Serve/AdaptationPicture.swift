import Analysis
import Serving

/// The picture `adaptation-N.png`: a device's latencies over time, with the rates that were offered and the
/// variants that answered. It shows whether the device kept its target when the load changed, and at what
/// accuracy.
struct AdaptationPicture {
    /// The picture, for `Gnuplot`.
    let picture: Picture

    /// Draws a device's course: the longest latency in each two hundredth of the time, coloured by variant, on a
    /// logarithmic axis, with the target as a dashed line and the phases' bounds as vertical ones.
    ///
    /// - Returns: Nil for a device that has not served, has one phase only (nothing changes), or whose phases end
    ///   after requests (their length was not known, so there are no slices).
    init?(_ report: DeviceReport) {
        guard report.failure == nil, report.phases.count > 1, !report.slices.isEmpty,
            let target = report.budget?.latency
        else { return nil }
        let names = report.ladder.map { report.verdicts[$0].candidate.name }
        var data = ["# seconds,step,mean_ms,longest_ms"]
        for slice in report.slices where slice.answered > 0 {
            data.append(
                [
                    slice.seconds, Double(slice.step), 1000 * slice.totalLatency / Double(slice.answered),
                    1000 * slice.longestLatency,
                ].map { Picture.cell($0) }.joined(separator: ","))
        }
        var ends: [Double] = []
        for phase in report.phases { ends.append((ends.last ?? 0) + phase.seconds) }
        let total = ends.last ?? 1
        var script: [PlotScript] = []
        for (index, phase) in report.phases.enumerated() {
            let start = index == 0 ? 0 : ends[index - 1]
            if index > 0 {
                script.append("set arrow from \(start), graph 0 to \(start), graph 1 nohead lc rgb \"#bbbbbb\"")
            }
            let text = phase.rate.map { "\(Int($0.rounded())) requests/s" } ?? "closed loop"
            script.append("set label \(text: text) at \((start + ends[index]) / 2), graph 0.96 center")
        }
        let curves = names.indices.map { step -> PlotScript in
            """
            DATA using 1:($2==\(step)?$4:NaN) with points pt 7 ps 0.8 lc rgb \(Colour.all[step % Colour.all.count]) \
            title \(text: names[step])
            """
        }
        let milliseconds = 1000 * target
        let kind = report.figures == .simulated ? "simulated" : "measured"
        let title = "\(report.device.name): the longest latency in each two hundredth of the time (\(kind))"
        picture = Picture(
            "adaptation-\(report.index + 1)",
            caption: "\(report.device.name): the longest latency of each two hundredth of the time.", size: (1100, 520),
            data: data,
            body: """
                set title \(text: title) offset 0,0.9
                set xlabel "seconds of serving"
                set ylabel "ms from request to answer"
                set logscale y
                set xrange [0:\(total)]
                \(script.joined())
                plot \(curves.joinedPlots()), \\
                     \(milliseconds) with lines dt 2 lw 1.5 lc rgb "#777777" title "target"
                """)
    }
}
