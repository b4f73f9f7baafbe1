import Analysis
import Federation
import Foundation
import Records
import RunStore

extension Comparison {
    /// The runs' curves over each other in four plots: accuracy by round, by bytes and by time, and the losses by
    /// round. More than six runs have a row each, with the others in grey, and the losses are left to the data.
    ///
    /// Time is simulated time when every run has it, because wall time of a simulation says nothing about the
    /// devices; otherwise wall time for all, so that one axis means one thing. Accuracies are in percent, bytes
    /// in MB of 1,000,000, up and down together.
    ///
    /// - Complexity: O(rounds of all runs) lines of data.
    var picture: Picture {
        let usesSimulatedTime = entries.allSatisfy { $0.simulatedSeconds != nil }
        // A block of lines for each run, two blank lines between: gnuplot's `index`.
        var data: [String] = []
        for (i, entry) in entries.enumerated() {
            if i > 0 { data += ["", ""] }
            data.append("# \(entry.run.name)")
            data.append("# round,train_loss,server_loss,accuracy_percent,total_mb,total_seconds")
            var seconds = 0.0
            for round in entry.rounds {
                seconds += (usesSimulatedTime ? round.simulatedSeconds : round.seconds) ?? 0
                data.append(
                    [
                        "\(round.round)", Picture.cell(round.trainLoss), Picture.cell(round.serverLoss),
                        Picture.cell(round.accuracy.map { 100 * $0 }),
                        "\(Double(round.totalUploadBytes + round.totalDownloadBytes) / 1e6)", "\(seconds)",
                    ].joined(separator: ","))
            }
            // A run without rounds still has its block.
            if entry.rounds.isEmpty { data.append("NaN,NaN,NaN,NaN,NaN,NaN") }
        }
        let accuracies = entries.flatMap { $0.rounds.compactMap { $0.accuracy.map { 100 * $0 } } }
        let axis = Picture.accuracyAxis(accuracies)
        let time = "\(usesSimulatedTime ? "simulated " : "")seconds of the rounds"
        let isTogether = entries.count <= Picture.mostCurves
        return Picture(
            "comparison",
            caption: isTogether
                ? "Accuracy by round, bytes and time, and the losses by round."
                : "Accuracy by round and by bytes: a row for each run, with all others in grey.",
            data: data,
            rows: isTogether ? together(axis, time) : multiples(axis))
    }

    /// Four plots with all runs in each; the first has the key.
    private func together(_ axis: PlotScript, _ time: String) -> [[Panel]] {
        func panel(_ title: String, _ x: String, _ columns: PlotScript, key: [String] = []) -> [Panel] {
            [
                Panel(
                    title, height: 200, right: 32, key: key,
                    body: """
                        set xlabel \(text: x)
                        set ylabel "test accuracy, %"
                        \(axis)
                        \(x == "round" ? roundAxis() : "set xrange [0:*]")
                        plot \(curves(columns, names: key, style: solid))
                        """)
            ]
        }
        return [
            panel("Accuracy by round", "round", "1:4", key: legend),
            panel("Accuracy by bytes", "sent up and down, MB", "5:4"),
            panel("Accuracy by time", time, "6:4"),
            [
                Panel(
                    "Loss by round: test solid, training dotted", height: 200, right: 32,
                    body: """
                        set xlabel "round"
                        \(roundAxis())
                        set ylabel "loss"
                        set yrange [0:*]
                        plot \(curves("1:3", names: [], style: solid)), \\
                             \(curves("1:2", names: [], style: dotted))
                        """)
            ],
        ]
    }

    /// A row for each run: accuracy by round, and by bytes.
    private func multiples(_ axis: PlotScript) -> [[Panel]] {
        entries.indices.flatMap { i -> [[Panel]] in
            func panel(_ columns: PlotScript, _ xAxis: PlotScript, _ label: String) -> Panel {
                let grey = Picture.background(entries.count, columns)
                return Panel(
                    "", height: 110, left: 54, bottom: i == entries.count - 1 ? 60 : 28,
                    body: """
                        \(xAxis)
                        set xlabel \(text: i == entries.count - 1 ? label : "")
                        \(axis)
                        plot \((grey + ["DATA index \(i) using \(columns) \(solid(0)) notitle"]).joinedPlots())
                        """)
            }
            return [
                [Panel.heading(legend[i])],
                [
                    panel("1:4", roundAxis(labels: 6), "round"),
                    panel("5:4", "set xrange [0:*]", "sent up and down, MB"),
                ],
            ]
        }
    }

    /// The axis of the rounds of all runs.
    private func roundAxis(labels: Int = 10) -> PlotScript {
        let rounds = entries.flatMap { $0.rounds.map(\.round) }
        let first = rounds.min() ?? 1
        return Picture.roundAxis(first...max(first, rounds.max() ?? first), labels: labels)
    }

    /// The plot clauses of all runs for two columns of the data.
    ///
    /// - Parameters:
    ///   - columns: gnuplot's `using`, e.g. `1:4` for accuracy by round.
    ///   - names: titles in the key; none has none.
    ///   - style: Line style for the run at an index.
    private func curves(_ columns: PlotScript, names: [String], style: (Int) -> PlotScript) -> PlotScript {
        entries.indices.map { i -> PlotScript in
            let title: PlotScript = names.isEmpty ? "notitle" : "title \(text: names[i])"
            return "DATA index \(i) using \(columns) \(style(i)) \(title)"
        }.joinedPlots()
    }

    /// A line, with a point for each evaluated round as long as they can be told apart.
    private func solid(_ i: Int) -> PlotScript {
        "with \(Picture.mark(entries[i].rounds.count { $0.accuracy != nil })) lw 1.5 lc rgb \(Colour.all[i])"
    }

    /// A dotted line, for the clients' losses beside the server's.
    private func dotted(_ i: Int) -> PlotScript { "with lines dt 3 lw 1.5 lc rgb \(Colour.all[i])" }

    /// For each run its name and the settings in which it differs, or these alone where they stand for the name; cut to
    /// what the picture has room for.
    private var legend: [String] {
        entries.indices.map { i in
            if titles[i] != entries[i].run.name, Set(titles).count == titles.count, !titles[i].hasPrefix("run ") {
                return titles[i]
            }
            let settings = differences.map { "\($0.name) \($0.values[i])" }.joined(separator: ", ")
            return Panel.cut(entries[i].run.name + (settings.isEmpty ? "" : ": \(settings)"), to: 66)
        }
    }
}
