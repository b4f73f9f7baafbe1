import FedCore
import Foundation
import Records

extension Picture {
    /// Loss and accuracy, or R² of a regression, against rounds, and the bytes that they cost.
    ///
    /// The left plot has losses on its left axis and accuracy in percent, or R², on its right one; the right plot has
    /// each round's upload as bars in KB of 1,000 bytes, and the sum so far as a curve in MB. The data has `NaN` for
    /// what was not evaluated.
    ///
    /// - Complexity: O(rounds).
    static func convergenceAndCost(_ run: RecordedRun) -> Picture {
        let rounds = run.log.rounds
        let hasAccuracy = rounds.contains { $0.accuracy != nil } || !rounds.contains { $0[.r2] != nil }
        let quality = hasAccuracy ? "accuracy" : "R²"
        let coded = codedBytes(of: rounds)
        let data =
            [
                "# round,server_loss,train_loss,\(hasAccuracy ? "accuracy_percent" : "r2"),upload_kb,total_upload_mb"
                    + coded.map { ",\($0.metric.name)" }.joined()
            ]
            + rounds.map { round in
                ([
                    "\(round.round)", cell(round.serverLoss), cell(round.trainLoss),
                    cell(hasAccuracy ? round.accuracy.map { 100 * $0 } : round[.r2]),
                    cell(Double(round.uploadBytes) / 1e3), cell(Double(round.totalUploadBytes) / 1e6),
                ] + coded.map { cell(round[$0.metric]) }).joined(separator: ",")
            }
        let largestLoss = rounds.flatMap { [$0.trainLoss, $0.serverLoss] }.compactMap { $0 }.max() ?? 0
        let evaluated = rounds.count { $0.serverLoss?.isFinite == true }
        func style(_ points: Int, _ mark: Int) -> PlotScript {
            points <= 50 ? "linespoints lw 2 pt \(mark) ps 1.1" : "lines lw 2"
        }
        // gnuplot gives up on a plot of data without a point.
        let series: [(isThere: Bool, plot: PlotScript)] = [
            (
                rounds.contains { $0.trainLoss?.isFinite == true },
                "1:3 with \(style(rounds.count, 7)) lc rgb \(Colour.blue) title \"train loss\""
            ),
            (
                evaluated > 0,
                "1:2 with \(style(evaluated, 5)) lc rgb \(Colour.red) title \"server loss\""
            ),
            (
                rounds.contains { $0.quality != nil },
                "1:4 axes x1y2 with \(style(evaluated, 9)) lc rgb \(Colour.green) title \(text: quality)"
            ),
        ]
        let plots = series.filter(\.isThere).map { "DATA using \($0.plot)" as PlotScript }
        let hasLoss = evaluated > 0 || rounds.contains { $0.trainLoss?.isFinite == true }
        return Picture(
            "convergence_and_cost",
            caption: "Loss and \(quality) by round, and the updates' bytes by round and in all."
                + (coded.isEmpty ? "" : " Other bytes are envelopes and what is not encoded."),
            size: (1500, 580), data: data,
            body: """
                set multiplot
                set border 11 lc rgb "#777777"
                set tmargin at screen 0.85
                set bmargin at screen 0.12
                set xlabel "round"
                \(roundAxis(rounds))
                set lmargin at screen 0.065
                set rmargin at screen 0.43
                set title \(text: "\(run.name): loss and \(quality)")
                set ylabel "loss"
                set format y \(text: largestLoss >= 10_000 ? "%.0s %c" : "% h")
                set yrange [0:\(hasLoss ? "*" : "1")]
                set y2label \(text: hasAccuracy ? "accuracy, %" : quality) textcolor rgb \(Colour.green)
                set y2range [0:\(hasAccuracy ? 100 : 1)]
                set y2tics textcolor rgb \(Colour.green)
                plot \(plots.isEmpty ? "-1 notitle" : plots.joinedPlots())
                set lmargin at screen 0.57
                set rmargin at screen 0.925
                set title \(text: "\(run.name): updates sent up")
                set ylabel "upload, KB a round"
                set format y
                set yrange [0:*]
                set y2label "upload in all, MB" textcolor rgb \(Colour.purple)
                set y2range [0:*]
                set y2tics textcolor rgb \(Colour.purple)
                set style fill solid noborder
                plot \(uploadBars(coded, count: rounds.count).joinedPlots()), \\
                     DATA using 1:6 axes x1y2 with \(style(rounds.count, 7)) lc rgb \(Colour.purple) title "in all"
                unset multiplot
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
    ///   - coded: the metrics, whose columns in the data begin at the seventh.
    ///   - count: number of rounds.
    /// - Returns: plots in the order in which they are drawn.
    private static func uploadBars(
        _ coded: [(metric: Metric, title: String, colour: Colour)], count: Int
    ) -> [PlotScript] {
        // The taller bars first: those that are drawn later cover them.
        var plots: [PlotScript] = []
        var sum: PlotScript = "0"
        for (i, part) in coded.enumerated() {
            sum = "\(sum)+$\(7 + i)/1e3"
            plots.insert(bars(sum, count: count, colour: part.colour, title: part.title), at: 0)
        }
        let rest = coded.isEmpty ? "a round" : "other"
        return [bars("$5", count: count, colour: Colour(0x9db8d4), title: rest)] + plots
    }

    /// Who took part, and why others did not: bars of each round, one upon the other, with the mean of those who took
    /// part. A reason that no round has is left out of the key.
    ///
    /// - Complexity: O(rounds).
    static func clientParticipation(_ run: RecordedRun) -> Picture {
        let rounds = run.log.rounds
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
        var sum: PlotScript = "$2"
        for (i, other) in others.enumerated() {
            sum = "\(sum)+$\(3 + i)"
            guard rounds.contains(where: { $0[keyPath: other.count] > 0 }) else { continue }
            plots.insert(bars(sum, count: rounds.count, colour: other.colour, title: other.name), at: 0)
        }
        plots.append(bars("$2", count: rounds.count, colour: Colour.blue, title: "took part"))
        plots.append("\(mean) with lines lw 2 dt 2 lc rgb \"#222222\" title \"mean, \(mean, decimals: 1)\"")
        return Picture(
            "client_participation", caption: "Clients whose update entered the mean, by round.",
            size: (1100, 480), data: data,
            body: """
                set title \(text: "\(run.name): clients a round")
                set xlabel "round"
                \(roundAxis(rounds))
                set ylabel "clients"
                set yrange [0:\(max(1, Double(most ?? 1)) * 1.08, decimals: 2)]
                set ytics \(step(max(1, most ?? 1)))
                set style fill solid noborder
                plot \(plots.joinedPlots())
                """)
    }

    /// What a megabyte bought: accuracy points gained per MB uploaded, by round, with a mark where accuracy falls off.
    ///
    /// The axis is y ↦ asinh(y / unit), which is linear around 0 and logarithmic far from it; the unit is the largest
    /// power of ten that is at most the median of the gains' sizes, within 10⁻⁶ and 10⁶.
    ///
    /// - Parameters:
    ///   - run: for the title and the axis of rounds.
    ///   - convergence: with at least one gain.
    /// - Complexity: O(rounds · log rounds).
    static func bandwidthEfficiency(_ run: RecordedRun, _ convergence: Convergence) -> Picture {
        // A damaged log may have any number; none that is not finite can be drawn.
        let gains = convergence.pointsPerMegabyte.filter(\.gain.isFinite)
        let data = ["# round,points_per_mb"] + gains.map { "\($0.round),\($0.gain)" }
        // Linear around zero, logarithmic beyond: gains shrink by orders of magnitude, and some are losses.
        let sizes = gains.map { abs($0.gain) }.filter { $0 > 0 }.sorted()
        let typical = sizes.isEmpty ? 1 : sizes[sizes.count / 2]
        var unit = 1.0
        while unit > typical, unit > 1e-6 { unit /= 10 }
        while unit * 10 <= typical, unit < 1e6 { unit *= 10 }
        let most = max(gains.map(\.gain).max() ?? unit, unit)
        let least = min(gains.map(\.gain).min() ?? 0, 0)
        var tics: [PlotScript] = ["0"]
        var power = unit
        while power <= most * 2 || power <= -least * 2 {
            if power <= most * 2 { tics.append(ticLabel(power)) }
            if power <= -least * 2 { tics.append(ticLabel(-power)) }
            power *= 10
        }
        let knee = convergence.fallOff.map { point -> PlotScript in
            """
            set arrow from \(point.round), graph 0 to \(point.round), graph 1 nohead dt 3 lw 2 lc rgb "#777777"
            set label " falls off after round \(point.round)" at \(point.round), graph 0.95 textcolor rgb "#555555"
            """
        }
        let (width, size) = gains.count > 100 ? (1.0, 0.55) : (2.5, 1.2)
        let first =
            convergence.chance.map { " The first counts from guessing, \(NumberText.fixed(100 * $0, 0)) %." } ?? ""
        return Picture(
            "bandwidth_efficiency",
            caption: "Accuracy points gained per MB uploaded since the evaluation before; the axis is linear around 0 "
                + "and logarithmic beyond." + first,
            size: (1100, 480), data: data,
            body: """
                set title \(text: "\(run.name): accuracy points per MB uploaded")
                set xlabel "round"
                \(roundAxis(run.log.rounds))
                set ylabel "points per MB"
                unit = \(unit)
                set nonlinear y via asinh(y / unit) inverse unit * sinh(y)
                set yrange [\(least < 0 ? least * 1.6 : -unit / 2):\(most * 1.6)]
                set ytics (\(tics.joined(by: ", ")))
                \(knee ?? "")
                gained(y) = y >= 0 ? y : NaN
                lost(y) = y < 0 ? y : NaN
                plot 0 with lines lc rgb "#777777" notitle, \\
                     DATA using 1:(0):(0):2 with vectors nohead lw \(width) lc rgb "#9db8d4" notitle, \\
                     DATA using 1:(gained($2)) with points pt 7 ps \(size) lc rgb \(Colour.blue) title "gained", \\
                     DATA using 1:(lost($2)) with points pt 7 ps \(size) lc rgb \(Colour.red) title "lost"
                """)
    }

    /// A label of that axis at a power of ten, or minus one, without more decimals than it needs.
    private static func ticLabel(_ value: Double) -> PlotScript {
        let decimals = max(0, -Int(log10(abs(value)).rounded(.down)))
        return "\"\(value, decimals: decimals)\" \(value)"
    }

    /// The commands for an axis of whole rounds, with 0.6 of a round of room at each end, or a hundredth of the axis
    /// when that is more.
    ///
    /// - Parameter rounds: in order; the axis goes from the first to the last.
    static func roundAxis(_ rounds: [RoundRecord]) -> PlotScript {
        let first = rounds.first?.round ?? 1
        let last = rounds.last?.round ?? 1
        let room = max(0.6, Double(last - first) / 100)
        let step = step(last - first)
        return
            "set xrange [\(Double(first) - room):\(Double(last) + room)]\nset xtics \(step == 1 ? first : 0), \(step)"
    }
}
