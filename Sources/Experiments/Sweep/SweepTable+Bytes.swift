package import Analysis
import FedCore

extension SweepTable {
    /// What a point of the grid cost and came to: means over its seeds.
    struct Cost {
        /// The row's label, see ``label(of:)``.
        let label: String
        /// Megabytes (10⁶ bytes) of all updates of a run.
        let megabytes: Double
        /// Accuracy in percent after the last evaluated round.
        let accuracy: SeedStatistic
        /// Whether no other point is as accurate with fewer bytes, or more accurate with as many: the Pareto front.
        var isOnFront = false
    }

    /// The points with a finished run, from the fewest bytes to the most.
    var costs: [Cost] {
        var costs = rows.compactMap { row -> Cost? in
            guard let accuracy = statistic(.final, of: row), let megabytes = statistic(.uploaded, of: row)?.mean,
                megabytes > 0
            else { return nil }
            return Cost(label: label(of: row), megabytes: megabytes, accuracy: accuracy)
        }
        costs.sort { ($0.megabytes, -$0.accuracy.mean) < ($1.megabytes, -$1.accuracy.mean) }
        var best = -Double.infinity
        for i in costs.indices where costs[i].accuracy.mean > best {
            costs[i].isOnFront = true
            best = costs[i].accuracy.mean
        }
        return costs
    }

    /// The figure of a sweep over what saves bytes: final accuracy against the bytes of all updates, the Pareto front
    /// as a line and its points in colour, with the deviations over the seeds.
    /// - Parameter title: the title, shown as it is.
    /// - Returns: nil when all points send alike many bytes: then it would say nothing.
    package func bytesPicture(title: String) -> Picture? {
        let costs = costs
        guard let least = costs.first?.megabytes, let most = costs.last?.megabytes, most > 1.5 * least else {
            return nil
        }
        var data = ["# megabytes,accuracy_percent,deviation,is_on_front,runs,label"]
        data += costs.map {
            "\($0.megabytes),\($0.accuracy.mean),\($0.accuracy.deviation ?? 0),\($0.isOnFront ? 1 : 0),"
                + "\($0.accuracy.count),\(Picture.cell(text: $0.label))"
        }
        let lows = costs.map { $0.accuracy.mean - ($0.accuracy.deviation ?? 0) }
        let highs = costs.map { $0.accuracy.mean + ($0.accuracy.deviation ?? 0) }
        let (low, high) = (lows.min() ?? 0, highs.max() ?? 100)
        let range = max(0, low - 0.5)...min(100, high + 0.5)
        // Names stand in a column at the right, each at the height of its point or near it.
        let height = max(620, 22 * costs.count + 120)
        let places = LabelLayout.spread(
            costs.map(\.accuracy.mean), gap: 21 * (range.upperBound - range.lowerBound) / Double(height - 120),
            in: range)
        let names = costs.indices.map { i -> PlotScript in
            let cost = costs[i]
            let colour = cost.isOnFront ? Colour.all[0] : Colour.all[1]
            let text = "\(cost.accuracy.text(decimals: 1))  \(NumberText.fixed(cost.megabytes, 3)) MB  \(cost.label)"
            return """
                set arrow from first \(cost.megabytes), first \(cost.accuracy.mean) to graph 1.02, first \(places[i]) \
                nohead lc rgb \(colour) lw 0.7 dt 3
                set label \(text: text) at graph 1.025, first \(places[i]) left font "sans,11" textcolor rgb \(colour)
                """
        }.joined()
        let letters = costs.map { $0.label.count + 26 }.max() ?? 0
        let width = 780 + min(8 * letters, 640)
        let seeds = costs.map(\.accuracy.count).max() ?? 1
        return Picture(
            "bytes",
            caption: "Final accuracy against the bytes of all updates; the line is the Pareto front.",
            size: (width, height), data: data,
            body: """
                set title \(text: title) offset 0,0
                unset key
                set logscale x
                set xlabel "megabytes uploaded in all, 10⁶ bytes"
                set ylabel "final accuracy, %\(seeds > 1 ? ": mean ± deviation of \(seeds) seeds" : "")"
                set xrange [\(least / 1.5):\(most * 1.5)]
                set yrange [\(range.lowerBound):\(range.upperBound)]
                set lmargin at screen \(100 / Double(width))
                set rmargin at screen \(760 / Double(width))
                \(names)
                plot DATA using 1:($4 == 1 ? $2 : NaN) with linespoints pt 7 ps 0 lw 2 lc rgb \(Colour.all[0]), \
                DATA using 1:($4 == 1 ? NaN : $2):3 with yerrorbars pt 7 ps 0.9 lw 1 lc rgb \(Colour.all[1]), \
                DATA using 1:($4 == 1 ? $2 : NaN):3 with yerrorbars pt 7 ps 1.1 lw 1.5 lc rgb \(Colour.all[0])
                """)
    }
}
