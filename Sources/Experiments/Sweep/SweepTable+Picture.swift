package import Analysis
import Foundation

extension SweepTable {
    /// A point's accuracy by round: a line of means, and how far seeds are from it.
    struct Curve {
        struct Point {
            let round: Int
            /// In percent.
            let accuracy: SeedStatistic
        }

        let label: String
        let points: [Point]
    }

    /// Curves of the points with a finished run, at the rounds in which all their runs were evaluated.
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

    /// Accuracy against rounds, one line a point; nil when no run was evaluated.
    ///
    /// Curves are named where they end, in the order in which they end, because a key of twelve colours is not read.
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

    /// Each curve's name with its last mean, right of the plot, and a line that leads there.
    private func labels(_ curves: [Curve], _ plot: PlotArea) -> PlotScript {
        let ends = curves.map { $0.points.last?.accuracy.mean ?? 0 }
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

    /// Six colours, then the same with dashes.
    private static let colours = Array(Colour.all.prefix(6))
    private static let dashes: [PlotScript] = ["solid", "(12,5)", "(3,4)", "(12,4,3,4)"]

    private static func colour(_ i: Int) -> Colour { colours[i % colours.count] }

    private static func look(_ i: Int) -> PlotScript {
        "dt \(dashes[i / colours.count % dashes.count]) lw 2.5 lc rgb \(colour(i))"
    }

    /// Many bands over each other would hide the lines.
    private static func bandOpacity(_ count: Int) -> Double { count <= 3 ? 0.2 : count <= 6 ? 0.14 : 0.09 }
}

/// Where the curves and their names are, in pixels and in rounds and percents.
private struct PlotArea {
    let width: Int
    let height: Int
    let rounds: ClosedRange<Int>
    /// In percent.
    let accuracy: ClosedRange<Double>
    private let plotWidth = 820
    private let plotHeight: Int

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

    var left: Double { 80 / Double(width) }
    var right: Double { Double(80 + plotWidth) / Double(width) }
    var bottom: Double { 65 / Double(height) }
    var top: Double { Double(65 + plotHeight) / Double(height) }

    /// Where the names of curves that end at these accuracies are.
    func places(_ ends: [Double]) -> [Double] {
        LabelPlaces.spread(
            ends, gap: 19 * (accuracy.upperBound - accuracy.lowerBound) / Double(plotHeight), in: accuracy)
    }
}
