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
    /// More than six curves have a small plot each, on the same axes, with all others in grey behind.
    ///
    /// - Parameter title: the title, shown as it is.
    /// - Returns: data and script for gnuplot; nil when no run was evaluated.
    package func picture(title: String) -> Picture? {
        let curves = curves
        guard !curves.isEmpty else { return nil }
        var data: [String] = []
        for (i, curve) in curves.enumerated() {
            if i > 0 { data += ["", ""] }
            data += ["# \(curve.label)", "# round,mean_percent,low,high,runs"]
            for point in curve.points {
                let (mean, deviation) = (point.accuracy.mean, point.accuracy.deviation ?? 0)
                data.append("\(point.round),\(mean),\(mean - deviation),\(mean + deviation),\(point.accuracy.count)")
            }
        }
        let points = curves.flatMap(\.points)
        let ends = points.flatMap {
            [-1.0, 1].map { [accuracy = $0.accuracy] sign in
                accuracy.mean + sign * (accuracy.deviation ?? 0)
            }
        }
        let rounds = 1...max(1, points.map(\.round).max() ?? 1)
        let seeds = curves.compactMap { $0.points.last?.accuracy.count }.max() ?? 1
        let isTogether = curves.count <= Picture.mostCurves
        let title = seeds > 1 ? "\(title), mean of \(seeds) seeds, band ± their deviation" : title
        return Picture(
            "accuracy",
            caption: "Accuracy by round"
                + (seeds > 1 ? ": means over \(seeds) seeds, with bands of one standard deviation" : "")
                + "." + (isTogether ? "" : " Each curve has a plot, with all others in grey behind it."),
            data: data,
            rows: isTogether
                ? [[together(curves, title, rounds, ends)]] : multiples(curves, title, rounds, ends))
    }

    /// A curve's name and what it ends at.
    private static func name(_ curve: Curve) -> String {
        "\(curve.label)  \(curve.points.last.map { $0.accuracy.text(decimals: 1) } ?? "")"
    }

    /// The band of a curve, and then the curve; bands stand under all lines.
    ///
    /// - Parameters:
    ///   - curve: which block of the data.
    ///   - points: its values.
    ///   - title: in the key; nil has none.
    private static func plots(
        _ curve: Int, _ points: [Curve.Point], colour: Colour, title: String?
    ) -> (band: PlotScript?, line: PlotScript) {
        let name: PlotScript = title.map { "title \(text: $0)" } ?? "notitle"
        return (
            points.contains { $0.accuracy.deviation != nil }
                ? """
                DATA index \(curve) using 1:3:4 with filledcurves fs transparent solid 0.16 noborder lc rgb \(colour) \
                notitle
                """ : nil,
            "DATA index \(curve) using 1:2 with \(Picture.mark(points.count)) lw 1.5 lc rgb \(colour) \(name)"
        )
    }

    /// All curves in one plot, named in its key with what they end at.
    private func together(
        _ curves: [Curve], _ title: String, _ rounds: ClosedRange<Int>, _ ends: [Double]
    ) -> Panel {
        let names = curves.map { Panel.cut(Self.name($0), to: 66) }
        let plots = curves.indices.map {
            Self.plots($0, curves[$0].points, colour: Colour.all[$0], title: names[$0])
        }
        return Panel(
            title, height: 320, key: names,
            body: """
                set xlabel "round"
                \(Picture.roundAxis(rounds))
                set ylabel "accuracy, %"
                \(Picture.accuracyAxis(ends))
                plot \((plots.compactMap(\.band) + plots.map(\.line)).joinedPlots())
                """)
    }

    /// A small plot for each curve, two in a row.
    private func multiples(
        _ curves: [Curve], _ title: String, _ rounds: ClosedRange<Int>, _ ends: [Double]
    ) -> [[Panel]] {
        let grey = Picture.background(curves.count, "1:2")
        let panels = curves.enumerated().map { i, curve -> Panel in
            let plots = Self.plots(i, curve.points, colour: Colour.blue, title: nil)
            let isLast = i >= curves.count - 2
            return Panel(
                Self.name(curve), height: 110, left: 54, bottom: isLast ? 60 : 28,
                body: """
                    set xlabel "\(isLast ? "round" : "")"
                    \(Picture.roundAxis(rounds, labels: 6))
                    set ytics autofreq
                    \(Picture.accuracyAxis(ends))
                    plot \((grey + [plots.band, plots.line].compactMap { $0 }).joinedPlots())
                    """)
        }
        let rows = stride(from: 0, to: panels.count, by: 2).map { start in
            // The last of an odd number keeps its width.
            start + 1 < panels.count ? [panels[start], panels[start + 1]] : [panels[start], Panel.empty]
        }
        return [[Panel.heading("\(title), %")]] + rows
    }
}
