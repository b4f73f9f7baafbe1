import Analysis
import Federation
import Foundation
import Records
import RunStore

extension Comparison {
    /// The runs' curves over each other in four plots: accuracy by round, by bytes and by time, and the losses by
    /// round.
    ///
    /// Time is simulated time when every run has it, because wall time of a simulation says nothing about the
    /// devices; otherwise wall time for all, so that one axis means one thing. Accuracies are in percent, bytes
    /// in MB of 1,000,000, up and down together. The key stands below the plots at full width: a run's name with
    /// its settings is too long for a box inside a plot.
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
        // Pixels below the curves: a line of the key for each run, and the axis's own text.
        let key = 26 * entries.count + 20
        let height = 900 + key
        func share(_ pixels: Int) -> Double { Double(pixels) / Double(height) }
        return Picture(
            "comparison", caption: "Accuracy by round, bytes and time, and the losses by round.",
            size: (1300, height), data: data,
            body: """
                set title offset 0,0
                set multiplot layout 2,2 margins 0.07,0.985,\(share(key + 70)),\(share(height - 45)) spacing 0.085,0.12
                unset key
                set ylabel "server accuracy, %"
                set title "Accuracy by round"
                set xlabel "round"
                plot \(curves("1:4", style: solid))
                set title "Accuracy by bytes"
                set xlabel "sent up and down, MB"
                plot \(curves("5:4", style: solid))
                set ylabel "loss"
                set title "Loss by round: server solid, clients dotted"
                set xlabel "round"
                set yrange [0:*]
                plot \(curves("1:3", style: solid)), \\
                     \(curves("1:2", style: dotted))
                set ylabel "server accuracy, %"
                set title "Accuracy by time"
                set xlabel "\(usesSimulatedTime ? "simulated " : "")seconds of the rounds"
                set yrange [*:*]
                plot \(curves("6:4", style: solid))
                unset title; unset xlabel; unset ylabel; unset border; unset tics; unset grid
                set size 1,1; set origin 0,0
                set margins screen 0, screen 1, screen 0, screen \(share(key))
                set key at screen 0.07, screen \(share(key - 10)) left top Left reverse samplen 3 maxcols 1
                plot [0:1] [0:1] \(legend)
                unset multiplot
                """)
    }

    /// The plot clauses of all runs for two columns of the data.
    ///
    /// - Parameters:
    ///   - columns: gnuplot's `using`, e.g. `1:4` for accuracy by round.
    ///   - style: Line style for the run at an index.
    private func curves(_ columns: PlotScript, style: (Int) -> PlotScript) -> PlotScript {
        entries.indices.map { "DATA index \($0) using \(columns) \(style($0)) notitle" as PlotScript }.joinedPlots()
    }

    /// A line, with a point for each evaluated round as long as there are at most 50: more would run into each
    /// other.
    private func solid(_ i: Int) -> PlotScript {
        let hasPoints = entries[i].rounds.count { $0.accuracy != nil } <= 50
        return "with \(hasPoints ? "linespoints pt 7 ps 0.8" : "lines") lw 2 lc rgb \(colour(i))"
    }

    /// A dotted line, for the clients' losses beside the server's.
    private func dotted(_ i: Int) -> PlotScript { "with lines dt 3 lw 2 lc rgb \(colour(i))" }

    /// Colour of a run, the same in all four plots; repeats when there are more runs than colours.
    private func colour(_ i: Int) -> Colour { Colour.all[i % Colour.all.count] }

    /// The key as a plot of its own: for each run its name and the settings in which it differs, cut after 110
    /// characters.
    private var legend: PlotScript {
        entries.indices.map { i -> PlotScript in
            let settings = differences.map { "\($0.name) \($0.values[i])" }.joined(separator: ", ")
            let shown = settings.count > 110 ? settings.prefix(109) + "…" : settings[...]
            let text = entries[i].run.name + (shown.isEmpty ? "" : ": \(shown)")
            return "NaN with lines lw 3 lc rgb \(colour(i)) title \(text: text)"
        }.joinedPlots()
    }
}
