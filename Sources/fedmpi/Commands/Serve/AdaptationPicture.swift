import Analysis
import FedCore
import Serving

/// The picture `adaptation-N.png`: a device's latencies over time, with the rates that were offered and the
/// variants that answered. It shows whether the device kept its target when the load changed, and at what
/// accuracy.
struct AdaptationPicture {
    /// The picture, for `Gnuplot`.
    let picture: Picture

    /// Draws a device's course: the longest latency in each of 200 equal slices of the time, coloured by variant, on a
    /// logarithmic axis, with the target as a dashed line over them and the phases' bounds as vertical ones. Below it
    /// are the requests that were turned away, if there are any.
    ///
    /// - Returns: Nil for a device that has not served, has one phase only (nothing changes), or whose phases end
    ///   after requests (their length was not known, so there are no slices).
    init?(_ report: DeviceReport) {
        guard report.failure == nil, report.phases.count > 1, !report.slices.isEmpty,
            let target = report.budget?.latency
        else { return nil }
        let names = report.ladder.map { report.verdicts[$0].candidate.name }
        var data = ["# seconds,step,mean_ms,longest_ms,turned_away"]
        for slice in report.slices {
            let isAnswered = slice.answered > 0
            data.append(
                [
                    slice.seconds, isAnswered ? Double(slice.step) : nil,
                    isAnswered ? 1000 * slice.totalLatency / Double(slice.answered) : nil,
                    isAnswered ? 1000 * slice.longestLatency : nil, Double(slice.refused),
                ].map { Picture.cell($0) }.joined(separator: ","))
        }
        var ends: [Double] = []
        for phase in report.phases { ends.append((ends.last ?? 0) + phase.seconds) }
        let total = ends.last ?? 1
        var bounds: [PlotScript] = []
        var rates: [PlotScript] = []
        for (index, phase) in report.phases.enumerated() {
            let start = index == 0 ? 0 : ends[index - 1]
            if index > 0 {
                bounds.append("set arrow from \(start), graph 0 to \(start), graph 1 nohead lc rgb \"#bbbbbb\"")
            }
            let text = phase.rate.map { "\(Int($0.rounded()))/s" } ?? "closed loop"
            rates.append("set label \(text: text) at \((start + ends[index]) / 2), graph 0.94 center")
        }
        let curves = names.indices.map { step -> PlotScript in
            """
            DATA using 1:($2==\(step)?$4:NaN) with points pt 7 ps 0.4 lc rgb \(Colour.all[step % Colour.all.count]) \
            title \(text: names[step])
            """
        }
        let milliseconds = 1000 * target
        let longest = 1000 * (report.slices.map(\.longestLatency).max() ?? 1)
        let shortest = report.slices.filter { $0.answered > 0 }.map { 1000 * $0.longestLatency }.min() ?? 0.1
        let kind = report.figures == .simulated ? "simulated" : "measured"
        let targetName = "target, \(NumberText.fixed(milliseconds, milliseconds < 10 ? 1 : 0)) ms"
        var rows = [
            [
                Panel(
                    "\(report.device.name): longest latency of each slice (\(kind))", height: 280, left: 86,
                    key: names + [targetName],
                    body: """
                        set xlabel "seconds of serving"
                        set ylabel "ms from request to answer"
                        set logscale y
                        set xrange [0:\(total)]
                        set yrange [\(min(shortest, milliseconds) / 1.6):\(max(longest, milliseconds) * 4)]
                        \((bounds + rates).joined())
                        plot \(curves.joinedPlots()), \\
                             \(milliseconds) with lines dt 2 lw 2 lc rgb "#000000" title \(text: targetName)
                        """)
            ]
        ]
        let refused = report.refusedRequests
        let most = max(1, report.slices.map(\.refused).max() ?? 1)
        if refused > 0 {
            rows.append([
                Panel(
                    "requests turned away in each slice: \(NumberText.grouped(refused)) in all", height: 100, left: 86,
                    body: """
                        set xlabel "seconds of serving"
                        set ylabel "requests"
                        set xrange [0:\(total)]
                        set ytics \(Picture.step(most, labels: 4))
                        set yrange [0:*]
                        \(bounds.joined())
                        set style fill solid noborder
                        plot DATA using 1:5:(\(total / 200)) with boxes lc rgb \(Colour.all[1]) notitle
                        """)
            ])
        }
        picture = Picture(
            "adaptation-\(report.index + 1)",
            caption:
                "\(report.device.name): the longest latency in each of 200 equal slices of the time, coloured by the "
                + "variant that answered, with the rate of requests above"
                + (refused > 0 ? "; below, requests that were turned away because the queue was full." : "."),
            data: data, rows: rows)
    }
}
