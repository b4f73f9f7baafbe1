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

    /// The figure of a sweep over what saves bytes: final accuracy against the bytes of all updates, the points of the
    /// Pareto front in colour, with the deviations over the seeds. No line joins them: nothing lies between two settings.
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
        let ends = costs.flatMap { cost in
            [-1, 1].map { cost.accuracy.mean + $0 * (cost.accuracy.deviation ?? 0) }
        }
        let seeds = costs.map(\.accuracy.count).max() ?? 1
        let names = costs.map { Panel.cut("\($0.label)  \(NumberText.fixed($0.megabytes, 3)) MB", to: 44) }
        let axis = Picture.accuracyRange(ends)
        let hasOthers = costs.contains { !$0.isOnFront }
        let (front, others) = ("none is better for as few bytes", "the others")
        let grey: PlotScript = """
            DATA using 1:($4 == 1 ? NaN : $2):3 with yerrorbars pt 7 ps 0.4 lw 1 lc rgb "#999999" title \(text: others)
            """
        let coloured: PlotScript = """
            DATA using 1:($4 == 1 ? $2 : NaN):3 with yerrorbars pt 7 ps 0.5 lw 1 lc rgb \(Colour.all[0]) \
            title \(text: front)
            """
        let accuracy = "final accuracy, %\(seeds > 1 ? ": mean ± deviation of \(seeds) seeds" : "")"
        return Picture(
            "bytes",
            caption:
                "Final accuracy against the bytes of all updates. In colour the Pareto front: no other point is better in "
                + "one and as good in the other. Below, the same points by name, from the fewest bytes.",
            data: data,
            rows: [
                [
                    Panel(
                        title + (seeds > 1 ? ", mean ± deviation of \(seeds) seeds" : ""), height: 260,
                        key: hasOthers ? [front, others] : [front],
                        body: """
                            set xlabel "megabytes uploaded in all"
                            set ylabel "final accuracy, %"
                            \(Picture.logAxis("x", [least, most]))
                            set yrange [\(axis.lowerBound):\(axis.upperBound)]
                            plot \((hasOthers ? [coloured, grey] : [coloured]).joinedPlots())
                            """)
                ],
                [
                    Panel(
                        "", height: 22 * costs.count, left: 24 + 8 * (names.map(\.count).max() ?? 0),
                        body: """
                            set xlabel \(text: accuracy)
                            set xrange [\(axis.lowerBound):\(axis.upperBound)]
                            set yrange [\(Double(costs.count) - 0.4):-0.6]
                            set ytics (\(names.enumerated().map { "\(tic: $1) \($0)" as PlotScript }.joined(by: ", "))) scale 0
                            plot DATA using 2:0:3 with xerrorbars pt 7 ps 0.5 lw 1 lc rgb "#999999" notitle, \\
                                 DATA using ($4 == 1 ? $2 : NaN):0 with points pt 7 ps 0.5 lc rgb \(Colour.all[0]) notitle
                            """)
                ],
            ])
    }
}
