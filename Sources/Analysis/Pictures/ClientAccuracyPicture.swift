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
        func style(_ points: Int) -> PlotScript { points <= 50 ? "linespoints lw 1.5 pt 7 ps 0.5" : "lines lw 1.5" }
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
        let spreads = rounds.flatMap { [$0.clients?.global, $0.clients?.personal] }.compactMap { $0 }
        let whose = kinds.contains { $0.column == 5 } ? "their own models" : "the global model"
        var rows = [
            [
                Panel(
                    title(run.name, "the clients' accuracy, worst to best tenth"), height: 200,
                    key: kinds.map(\.title),
                    body: """
                        set xlabel "round"
                        \(roundAxis(rounds))
                        set ylabel "accuracy, %"
                        \(accuracyAxis(spreads.flatMap { [$0.mean, $0.worst10, $0.best10].map { 100 * $0 } }))
                        plot \(curves.joinedPlots())
                        """)
            ],
            [
                Panel(
                    "clients from worst to best, after round \(accuracies.round)", height: 200, key: kinds.map(\.title),
                    body: """
                        set xlabel "place of the client"
                        set ylabel "accuracy, %"
                        \(accuracyAxis(kinds.flatMap { $0.sorted.map { 100 * $0 } }))
                        set xrange [0.5:\(Double(count) + 0.5)]
                        set xtics \(step(max(count - 1, 1)))
                        plot \(ranked.joinedPlots())
                        """)
            ],
        ]
        if !confusion.isEmpty { rows.append([confusionPanel(confusion.count, run.classNames, whose)]) }
        return Picture(
            "client_accuracy",
            caption:
                "Accuracy on the clients' own held-out samples. First, the mean by round, with a band from the mean of "
                + "the worst tenth of the clients to that of the best. Then client by client after round "
                + "\(accuracies.round)."
                + (confusion.isEmpty
                    ? ""
                    : " Last, how samples of each class (rows) were classified (columns) by \(whose), in percent of the "
                        + "row."),
            data: data, rows: rows)
    }

    /// The matrix of true and predicted classes.
    ///
    /// - Parameters:
    ///   - classes: its rows and columns.
    ///   - names: of the classes; they are called by their numbers where there are not as many.
    ///   - whose: the model that classified.
    private static func confusionPanel(_ classes: Int, _ names: [String], _ whose: String) -> Panel {
        let numbers: PlotScript =
            classes <= 12
            ? """
            , \\
                 DATA index 2 using 1:2:(sprintf("%.0f", $3)):($3 > 45 ? 0xffffff : 0x333333) with labels \
            textcolor rgb variable notitle
            """ : ""
        let classTics = classTics(names, of: classes)
        let room = Panel.width(names, atMost: 12)
        let tics: PlotScript = "\(step(max(classes - 1, 1), labels: 12))"
        return Panel(
            "true class (rows) and predicted class (columns), % of the row", height: 400,
            left: classTics == nil ? 74 : 24 + room, right: 80, bottom: classTics == nil ? 60 : 24 + room * 3 / 4,
            body: """
                unset grid
                set border 15
                set xlabel "\(classTics == nil ? "predicted class" : "")"
                set ylabel "\(classTics == nil ? "true class" : "")"
                set xrange [-0.5:\(Double(classes) - 0.5)]
                set yrange [\(Double(classes) - 0.5):-0.5]
                set xtics \(classTics.map { "rotate by 45 right \($0)" } ?? tics) scale 0
                set ytics \(classTics ?? tics) scale 0
                set cbrange [0:100]
                \(shades)
                plot DATA index 2 using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror lc palette \\
                     fs solid noborder notitle\(numbers)
                """)
    }

    /// Numbers of samples, `[true class][predicted class]`, over all clients: with their own models, if there are such;
    /// empty when it is no square.
    private static func confusion(of accuracies: ClientAccuracies) -> [[Int]] {
        let rows = accuracies.personalConfusion ?? accuracies.globalConfusion ?? []
        return rows.allSatisfy { $0.count == rows.count } ? rows : []
    }
}
