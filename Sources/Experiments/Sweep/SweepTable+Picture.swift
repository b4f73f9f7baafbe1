package import Analysis
import Foundation

extension SweepTable {
    /// A point's accuracy by round: the mean over its seeds, and how far they are from it.
    struct Curve {
        /// A curve's value in one round.
        struct Point {
            /// The round's number.
            let round: Int
            /// Accuracy in percent over the point's seeds.
            let accuracy: SeedStatistic
        }

        /// The row's label, see ``label(of:)``.
        let label: String
        /// Values in ascending order of rounds, at least one.
        let points: [Point]
    }

    /// Curves of the points with a finished run, at the rounds in which all their runs were evaluated.
    ///
    /// At a round that only some of the seeds have, the mean would jump for a reason other than training.
    var curves: [Curve] {
        rows.compactMap { row in
            let runs = row.curves.map { curve in
                Dictionary(curve.rounds.map { ($0.round, $0.accuracy) }, uniquingKeysWith: { $1 }).compactMapValues {
                    $0
                }
            }
            guard let first = runs.first else { return nil }
            let points = first.keys.sorted().compactMap { round -> Curve.Point? in
                let accuracies = runs.compactMap { $0[round] }.map { 100 * $0 }
                guard accuracies.count == runs.count, accuracies.allSatisfy(\.isFinite) else { return nil }
                return SeedStatistic(accuracies).map { Curve.Point(round: round, accuracy: $0) }
            }
            return points.isEmpty ? nil : Curve(label: label(of: row), points: points)
        }
    }

    /// The figure of the sweep: accuracy against rounds, with a line for each point and a band of one standard
    /// deviation.
    ///
    /// A curve is named at its right end instead of in a key, because nobody can match a dozen colours with a key. The
    /// labels are spread apart by ``LabelLayout``.
    ///
    /// - Parameter title: the title, shown as it is.
    /// - Returns: data and script for gnuplot; nil when no run was evaluated.
    package func picture(title: String) -> Picture? {
        let curves = curves
        guard !curves.isEmpty else { return nil }
        let plot = PlotArea(curves)
        var data: [String] = []
        for (i, curve) in curves.enumerated() {
            if i > 0 { data += ["", ""] }
            data += ["# \(curve.label)", "# round,mean_percent,low,high,runs"]
            for point in curve.points {
                let (mean, deviation) = (point.accuracy.mean, point.accuracy.deviation ?? 0)
                data.append("\(point.round),\(mean),\(mean - deviation),\(mean + deviation),\(point.accuracy.count)")
            }
        }
        let bands = curves.indices.filter { curves[$0].points.contains { $0.accuracy.deviation != nil } }
        // Bands under all lines.
        let plots =
            bands.map { band -> PlotScript in
                """
                DATA index \(band) using 1:3:4 with filledcurves fs transparent solid \(Self.bandOpacity(curves.count)) \
                noborder lc rgb \(Self.colour(band)) notitle
                """
            } + curves.indices.map { "DATA index \($0) using 1:2 with lines \(Self.look($0)) notitle" as PlotScript }
        let seeds = curves.compactMap { $0.points.last?.accuracy.count }.max() ?? 1
        return Picture(
            "accuracy", caption: "Accuracy by round: means over the seeds, and their standard deviations.",
            size: (plot.width, plot.height), data: data,
            body: """
                set title \(text: title) offset 0,0
                unset key
                set xlabel "round"
                set ylabel "accuracy, %\(seeds > 1 ? ": mean ± deviation of \(seeds) seeds" : "")"
                set xrange [\(plot.rounds.lowerBound):\(plot.rounds.upperBound)]
                set yrange [\(plot.accuracy.lowerBound):\(plot.accuracy.upperBound)]
                set lmargin at screen \(plot.left)
                set rmargin at screen \(plot.right)
                set tmargin at screen \(plot.top)
                set bmargin at screen \(plot.bottom)
                \(labels(curves, plot))
                plot \(plots.joinedPlots())
                """)
    }

    /// The script for the curves' names: each with its last mean, right of the plot, and a dotted line that leads
    /// there.
    private func labels(_ curves: [Curve], _ plot: PlotArea) -> PlotScript {
        let ends = curves.map { $0.points.last?.accuracy.mean ?? 0 }
        /// Height of the whole figure in pixels.
        let heights = plot.places(ends)
        return curves.indices.map { i -> PlotScript in
            let end = curves[i].points.last
            let text = "\(end.map { $0.accuracy.text(decimals: 1) } ?? "")  \(curves[i].label)"
            return """
                set arrow from first \(end?.round ?? 0), first \(ends[i]) to graph 1.025, first \(heights[i]) nohead \
                lc rgb \(Self.colour(i)) lw 1 dt 3
                set arrow from graph 1.03, first \(heights[i]) to graph 1.075, first \(heights[i]) nohead \(Self.look(i))
                set label \(text: text) at graph 1.085, first \(heights[i]) left font "sans,12"
                """
        }.joined()
    }

    /// Six colours that are told apart on white; further curves use the same with dashes.
    private static let colours = Array(Colour.all.prefix(6))
    /// Dash patterns of gnuplot, `(dash, gap, …)` in its own unit.
    private static let dashes: [PlotScript] = ["solid", "(12,5)", "(3,4)", "(12,4,3,4)"]

    /// The colour of the i-th curve.
    private static func colour(_ i: Int) -> Colour { colours[i % colours.count] }

    /// The line style of the i-th curve, as part of a plot command. After 24 curves styles repeat.
    private static func look(_ i: Int) -> PlotScript {
        "dt \(dashes[i / colours.count % dashes.count]) lw 2.5 lc rgb \(colour(i))"
    }

    /// The opacity of the bands in [0, 1]: many opaque bands would hide the lines.
    ///
    /// - Parameter count: number of curves.
    private static func bandOpacity(_ count: Int) -> Double { count <= 3 ? 0.2 : count <= 6 ? 0.14 : 0.09 }
}

/// The layout of the figure: where the plot and the names are, in pixels, and its ranges.
private struct PlotArea {
    /// Width of the whole figure in pixels, labels included.
    let width: Int
    let height: Int
    /// The horizontal range, from 1; at least two rounds, because gnuplot refuses an empty range.
    let rounds: ClosedRange<Int>
    /// The vertical range in percent, with a small margin around all bands.
    let accuracy: ClosedRange<Double>
    /// Width of the plot alone in pixels.
    private let plotWidth = 820
    /// Height of the plot alone in pixels; it grows with the number of labels.
    private let plotHeight: Int

    /// Lays the figure out for these curves.
    init(_ curves: [SweepTable.Curve]) {
        let all = curves.flatMap(\.points)
        let last = max(all.map(\.round).max() ?? 1, 2)
        rounds = 1...last
        let low = all.map { $0.accuracy.mean - ($0.accuracy.deviation ?? 0) }.min() ?? 0
        let high = all.map { $0.accuracy.mean + ($0.accuracy.deviation ?? 0) }.max() ?? 100
        let margin = max(0.03 * (high - low), 0.5)
        accuracy = max(0, low - margin)...max(min(100, high + margin), low + 1)
        plotHeight = max(560, 20 * curves.count)
        height = plotHeight + 120
        // Some eight pixels a letter.
        let letters = curves.map { $0.label.count + 15 }.max() ?? 0
        width = 80 + plotWidth + 90 + min(8 * letters, 600)
    }

    /// Left edge of the plot as a fraction of the figure's width, as gnuplot's `screen` coordinates are.
    var left: Double { 80 / Double(width) }
    /// Right edge, likewise.
    var right: Double { Double(80 + plotWidth) / Double(width) }
    /// Lower edge as a fraction of the figure's height.
    var bottom: Double { 65 / Double(height) }
    /// Upper edge, likewise.
    var top: Double { Double(65 + plotHeight) / Double(height) }

    /// The heights in percent at which the names of curves stand that end at these accuracies in percent.
    func places(_ ends: [Double]) -> [Double] {
        LabelLayout.spread(
            ends, gap: 19 * (accuracy.upperBound - accuracy.lowerBound) / Double(plotHeight), in: accuracy)
    }
}
