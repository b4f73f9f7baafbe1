import FedCore
import Foundation
import Records

extension Picture {
    /// Loss against rounds, and accuracy, or R² of a regression, against the bytes that it cost.
    ///
    /// Where the test set's size is known the accuracy has its interval of 95 % (``WilsonInterval``). The bytes of each
    /// round have a panel of their own where they differ, or are told apart by a codec. The data has `NaN` for what was
    /// not evaluated.
    ///
    /// - Complexity: O(rounds).
    static func convergenceAndCost(_ run: RecordedRun) -> Picture {
        let rounds = run.log.rounds
        let hasAccuracy = rounds.contains { $0.accuracy != nil } || !rounds.contains { $0[.r2] != nil }
        let quality = hasAccuracy ? "accuracy" : "R²"
        let coded = codedBytes(of: rounds)
        func values(_ round: RoundRecord) -> [Double?] {
            guard hasAccuracy else { return [round[.r2], nil, nil] }
            let interval = run.accuracyInterval(of: round)
            return [round.accuracy, interval?.low, interval?.high].map { value in value.map { 100 * $0 } }
        }
        let data =
            [
                "# round,server_loss,train_loss,\(hasAccuracy ? "accuracy_percent" : "r2"),low,high,upload_kb,"
                    + "total_upload_mb" + coded.map { ",\($0.metric.name)" }.joined()
            ]
            + rounds.map { round in
                (["\(round.round)", cell(round.serverLoss), cell(round.trainLoss)] + values(round).map(cell)
                    + [cell(Double(round.uploadBytes) / 1e3), cell(Double(round.totalUploadBytes) / 1e6)]
                    + coded.map { cell(round[$0.metric]) }).joined(separator: ",")
            }
        let hasBytes = rounds.contains { $0.totalUploadBytes > 0 }
        let sizes = Set(rounds.map(\.uploadBytes))
        let equal = hasBytes && coded.isEmpty && sizes.count == 1 ? sizes.first : nil
        let hasInterval = rounds.contains { run.accuracyInterval(of: $0) != nil }
        var rows = [[lossPanel(run)], [qualityPanel(run, quality, rounds.map(values), hasBytes: hasBytes)]]
        if hasBytes, equal == nil { rows.append([uploadPanel(rounds, coded)]) }
        return Picture(
            "convergence_and_cost",
            caption: "Loss by round, and \(quality) against the bytes of all updates up to then."
                + (hasInterval ? " " + intervalWords(run.testSamples) : "")
                + (equal.map { " Each round's updates take \(NumberText.fixed(Double($0) / 1e6, 3)) MB." } ?? "")
                + (coded.isEmpty ? "" : " Other bytes are envelopes and what is not encoded."),
            data: data, rows: rows)
    }

    /// What an interval of accuracy is, for captions.
    ///
    /// - Parameter samples: test samples.
    public static func intervalWords(_ samples: Int?) -> String {
        let size = samples.map { " of \(NumberText.grouped($0))" } ?? ""
        return "Bars are 95 % intervals (Wilson) for a test set\(size): what other test samples could have changed."
    }

    /// How curves with so many points are drawn: with a mark at each as long as these are apart.
    private static func style(_ points: Int, _ mark: Int) -> PlotScript {
        points <= 50 ? "linespoints lw 1.5 pt \(mark) ps 0.5" : "lines lw 1.5"
    }

    /// The losses by round.
    private static func lossPanel(_ run: RecordedRun) -> Panel {
        let rounds = run.log.rounds
        let losses = rounds.flatMap { [$0.trainLoss, $0.serverLoss] }.compactMap { $0 }.filter(\.isFinite)
        let evaluated = rounds.count { $0.serverLoss?.isFinite == true }
        // gnuplot gives up on a plot of data without a point.
        let series: [(isThere: Bool, title: String, plot: PlotScript)] = [
            (
                rounds.contains { $0.trainLoss?.isFinite == true }, "training loss",
                "1:3 with \(style(rounds.count, 7)) lc rgb \(Colour.blue)"
            ),
            (evaluated > 0, "test loss", "1:2 with \(style(evaluated, 5)) lc rgb \(Colour.red)"),
        ].filter(\.isThere)
        let plots = series.map { "DATA using \($0.plot) title \(text: $0.title)" as PlotScript }
        return Panel(
            title(run.name, "loss by round"), key: series.map(\.title),
            body: """
                set xlabel "round"
                \(roundAxis(rounds))
                set ylabel "loss"
                set format y \(text: losses.max() ?? 0 >= 10_000 ? "%.0s %c" : "%h")
                set yrange [\(losses.contains { $0 < 0 } ? "*" : "0"):\(losses.contains { $0 > 0 } ? "*" : "1")]
                plot \(plots.isEmpty ? "-1 notitle" : plots.joinedPlots())
                """)
    }

    /// Accuracy or R² against the megabytes of all updates, or against rounds where no bytes were counted.
    ///
    /// - Parameters:
    ///   - run: for its rounds.
    ///   - quality: what it is called.
    ///   - values: of each round, with the ends of its interval.
    ///   - hasBytes: whether bytes were counted.
    private static func qualityPanel(
        _ run: RecordedRun, _ quality: String, _ values: [[Double?]], hasBytes: Bool
    ) -> Panel {
        let rounds = run.log.rounds
        let shown = values.filter { $0[0]?.isFinite == true }
        let x: PlotScript = hasBytes ? "8" : "1"
        let most = Double(rounds.last?.totalUploadBytes ?? 0) / 1e6
        let axis: PlotScript =
            hasBytes
            ? "set xlabel \"updates sent up in all, MB\"\nset xrange [0:\(1.03 * most)]"
            : "set xlabel \"round\"\n\(roundAxis(rounds))"
        var plots: [PlotScript] = []
        if shown.contains(where: { $0[1] != nil }) {
            plots.append(
                shown.count <= 50
                    ? "DATA using \(x):5:(0):($6-$5) with vectors nohead lw 1 lc rgb \(Colour.green) notitle"
                    : """
                    DATA using \(x):5:6 with filledcurves fc rgb \(Colour.green) fs transparent solid 0.25 noborder \
                    notitle
                    """)
        }
        plots.append("DATA using \(x):4 with \(style(shown.count, 9)) lc rgb \(Colour.green) notitle")
        let isPercent = quality == "accuracy"
        let range: PlotScript =
            isPercent
            ? accuracyAxis(shown.flatMap { $0.compactMap { $0 } }) : "set yrange [\(shown.isEmpty ? "0" : "*"):1]"
        return Panel(
            hasBytes ? "\(quality) against what was sent up" : "\(quality) by round",
            body: """
                \(axis)
                set ylabel \(text: isPercent ? "accuracy, %" : quality)
                \(range)
                plot \(shown.isEmpty ? "-1 notitle" : plots.joinedPlots())
                """)
    }

    /// The bytes of each round.
    private static func uploadPanel(
        _ rounds: [RoundRecord], _ coded: [(metric: Metric, title: String, colour: Colour)]
    ) -> Panel {
        let rest = coded.isEmpty ? "" : "other"
        return Panel(
            "updates sent up by round", height: 180, key: (coded.isEmpty ? [] : [rest]) + coded.reversed().map(\.title),
            body: """
                set xlabel "round"
                \(roundAxis(rounds))
                set ylabel "KB"
                set yrange [0:*]
                set style fill solid noborder
                plot \(uploadBars(coded, count: rounds.count).joinedPlots())
                """)
    }

    /// What the bytes of encoded updates say, with the colours of its bars; empty without a codec.
    ///
    /// - Returns: the metrics that are above 0 in some round, with their titles in the key.
    private static func codedBytes(of rounds: [RoundRecord]) -> [(metric: Metric, title: String, colour: Colour)] {
        let all: [(metric: Metric, title: String, colour: Colour)] = [
            (.codedSymbols, "symbols", Colour.blue), (.codedPlaces, "places", Colour.green),
            (.codedScales, "scales", Colour.red),
        ]
        return all.filter { entry in rounds.contains { ($0[entry.metric] ?? 0) > 0 } }
    }

    /// The bytes of each round: in all, and of those what encoded updates say, one upon the other.
    ///
    /// - Parameters:
    ///   - coded: the metrics, whose columns in the data begin at the ninth.
    ///   - count: number of rounds.
    /// - Returns: plots in the order in which they are drawn.
    private static func uploadBars(
        _ coded: [(metric: Metric, title: String, colour: Colour)], count: Int
    ) -> [PlotScript] {
        // The taller bars first: those that are drawn later cover them.
        var plots: [PlotScript] = []
        var sum: PlotScript = "0"
        for (i, part) in coded.enumerated() {
            sum = "\(sum)+$\(9 + i)/1e3"
            plots.insert(bars(sum, count: count, colour: part.colour, title: part.title), at: 0)
        }
        let rest = coded.isEmpty ? "" : "other"
        return [bars("$7", count: count, colour: Colour(0x9db8d4), title: rest)] + plots
    }

    /// Who took part, and why others did not: bars of each round, one upon the other, with the mean of those who took
    /// part. A reason that no round has is left out of the key.
    ///
    /// - Returns: nil when no update was lost: then all bars are what the text says in a line.
    /// - Complexity: O(rounds).
    static func clientParticipation(_ run: RecordedRun) -> Picture? {
        let rounds = run.log.rounds
        guard rounds.contains(where: { $0.late + $0.dropped + $0.rejected > 0 }) else { return nil }
        let data =
            ["# round,participants,late,dropped,rejected"]
            + rounds.map {
                "\($0.round),\($0.participants),\($0.late),\($0.dropped),\($0.rejected)"
            }
        let mean = Double(rounds.reduce(0) { $0 + $1.participants }) / Double(max(rounds.count, 1))
        let most = rounds.map { $0.participants + $0.late + $0.dropped + $0.rejected }.max()
        let others: [(name: String, colour: Colour, count: KeyPath<RoundRecord, Int>)] = [
            ("late", Colour.yellow, \.late), ("dropped", Colour.red, \.dropped),
            ("rejected", Colour.purple, \.rejected),
        ]
        // The taller bars first: those that are drawn later cover them.
        var plots: [PlotScript] = []
        var key: [String] = []
        var sum: PlotScript = "$2"
        for (i, other) in others.enumerated() {
            sum = "\(sum)+$\(3 + i)"
            guard rounds.contains(where: { $0[keyPath: other.count] > 0 }) else { continue }
            plots.insert(bars(sum, count: rounds.count, colour: other.colour, title: other.name), at: 0)
            key.insert(other.name, at: 0)
        }
        let average = "mean, \(NumberText.fixed(mean, 1))"
        plots.append(bars("$2", count: rounds.count, colour: Colour.blue, title: "took part"))
        plots.append("\(mean) with lines lw 1.5 dt 2 lc rgb \"#222222\" title \(text: average)")
        return Picture(
            "client_participation",
            caption: "Clients that were asked in each round: those whose update was used, and why others were not.",
            data: data,
            panel: Panel(
                title(run.name, "clients by round"), key: key + ["took part", average],
                body: """
                    set xlabel "round"
                    \(roundAxis(rounds))
                    set ylabel "clients"
                    set yrange [0:\(Double(max(most ?? 1, 1)) * 1.05)]
                    set ytics \(step(max(most ?? 1, 1), labels: 8))
                    set style fill solid noborder
                    plot \(plots.joinedPlots())
                    """))
    }
}
