import Recording
import Records

extension Picture {
    /// How the clients fare, in three plots: mean, worst and best tenth by round; accuracy client by client; and what
    /// samples of each class are taken for.
    ///
    /// The data has a block for each plot. With both the global model and the clients' own there are two curves in the
    /// first two, each sorted by itself, so that one place need not be one client; the third shows the clients' own
    /// models, if they have some, and is left out where there are no confusion counts.
    ///
    /// - Parameters:
    ///   - run: for the spread of each round and the names of classes.
    ///   - accuracies: client by client, of the round in which they were asked last.
    static func clientAccuracy(_ run: RecordedRun, _ accuracies: ClientAccuracies) -> Picture {
        let rounds = run.log.rounds.filter { $0.clients != nil }
        func spread(_ spread: AccuracySpread?) -> String {
            [spread?.mean, spread?.worst10, spread?.best10].map { cell($0.map { 100 * $0 }) }.joined(separator: ",")
        }
        var data = ["# round,global_mean,global_worst10,global_best10,own_mean,own_worst10,own_best10"]
        data += rounds.map { "\($0.round),\(spread($0.clients?.global)),\(spread($0.clients?.personal))" }
        let kinds: [(title: String, colour: Colour, column: Int, sorted: [Double])] = [
            ("global model", Colour.blue, 2, accuracies.clients.compactMap(\.globalAccuracy).sorted()),
            ("own models", Colour.green, 5, accuracies.clients.compactMap(\.personalAccuracy).sorted()),
        ].filter { !$0.sorted.isEmpty }
        data += ["", "", "# rank of the client," + kinds.map(\.title).joined(separator: ",")]
        for place in kinds.map(\.sorted.count).min().map({ 0..<$0 }) ?? 0..<0 {
            data.append((["\(place + 1)"] + kinds.map { cell(100 * $0.sorted[place]) }).joined(separator: ","))
        }
        let confusion = Self.confusion(of: accuracies)
        data += ["", "", "# true class,predicted class,percent of the class"]
        for (label, row) in confusion.enumerated() {
            let samples = max(row.reduce(0, +), 1)
            for (predicted, count) in row.enumerated() {
                data.append("\(predicted),\(label),\(100 * Double(count) / Double(samples))")
            }
        }
        func style(_ points: Int) -> PlotScript { points <= 50 ? "linespoints lw 2 pt 7 ps 0.9" : "lines lw 2" }
        let curves = kinds.map { kind -> PlotScript in
            """
            DATA index 0 using 1:\(kind.column + 1):\(kind.column + 2) with filledcurves fc rgb \(kind.colour) \
            fs transparent solid 0.18 noborder notitle, \\
                 DATA index 0 using 1:\(kind.column) with \(style(rounds.count)) lc rgb \(kind.colour) \
            title \(text: kind.title)
            """
        }
        let count = kinds.first?.sorted.count ?? 0
        let ranked = kinds.enumerated().map { i, kind -> PlotScript in
            "DATA index 1 using 1:\(i + 2) with \(style(count)) lc rgb \(kind.colour) title \(text: kind.title)"
        }
        let numbers: PlotScript =
            confusion.count <= 12
            ? """
            , \\
                 DATA index 2 using 1:2:(sprintf("%.0f", $3)):($3 > 45 ? 0xffffff : 0x333333) with labels \
            font "sans,10" textcolor rgb variable notitle
            """ : ""
        let classTics = classTics(run.partition?.classNames ?? [], of: confusion.count)
        let whose = kinds.contains { $0.column == 5 } ? "own models" : "global model"
        return Picture(
            "client_accuracy",
            caption:
                "Accuracy on the clients' own held-out samples: mean by round, the band from the mean of the worst "
                + "to that of the best tenth; after round \(accuracies.round) client by client, from worst to best; and "
                + "what samples of each class were taken for (\(whose)).",
            size: (1600, 560), data: data,
            body: """
                set multiplot
                set tmargin at screen 0.84
                set bmargin at screen 0.13
                set lmargin at screen 0.05
                set rmargin at screen 0.34
                set title \(text: "\(run.name): clients, worst and best tenth")
                set xlabel "round"
                \(roundAxis(rounds))
                set ylabel "accuracy, %" offset 1,0
                set yrange [0:100]
                plot \(curves.joinedPlots())
                set lmargin at screen 0.40
                set rmargin at screen \(classTics == nil ? 0.65 : 0.62)
                set title "clients from worst to best, round \(accuracies.round)"
                set xlabel "client"
                set xrange [0.5:\(Double(count) + 0.5)]
                set xtics \(step(max(count - 1, 1)))
                plot \(ranked.joinedPlots())
                \(confusion.isEmpty ? "" : """
                unset key
                unset grid
                set border 15
                set lmargin at screen 0.715
                set rmargin at screen 0.93
                set title \(text: "taken for, % of the \(classTics == nil ? "" : "row's ")class (\(whose))")
                set xlabel "\(classTics == nil ? "predicted class" : "")"
                set ylabel "\(classTics == nil ? "true class" : "")" offset 1,0
                set bmargin at screen \(classTics == nil ? 0.13 : 0.21)
                set xrange [-0.5:\(Double(confusion.count) - 0.5)]
                set yrange [\(Double(confusion.count) - 0.5):-0.5]
                set xtics \(classTics.map { "rotate by 45 right \($0)" } ?? "\(step(max(confusion.count - 1, 1), labels: 12))")
                set ytics \(classTics ?? "\(step(max(confusion.count - 1, 1), labels: 12))")
                set cbrange [0:100]
                set colorbox user origin screen 0.94,\(classTics == nil ? 0.13 : 0.21) size screen 0.012,\(classTics == nil ? 0.71 : 0.63)
                set palette defined (0 "#ffffff", 0.02 "#e3eef8", 0.25 "#9ec9e2", 0.5 "#4292c6", 1 "#08306b")
                plot DATA index 2 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror lc palette \\
                     fs solid noborder notitle\(numbers)
                """)
                unset multiplot
                """)
    }

    /// Numbers of samples, `[true class][predicted class]`, over all clients: with their own models, if there are such;
    /// empty when it is no square.
    private static func confusion(of accuracies: ClientAccuracies) -> [[Int]] {
        let rows = accuracies.personalConfusion ?? accuracies.globalConfusion ?? []
        return rows.allSatisfy { $0.count == rows.count } ? rows : []
    }
}
