import Foundation

extension Picture {
    /// Loss and accuracy against rounds, and the bytes that they cost.
    static func convergenceAndCost(_ run: RecordedRun) -> Picture {
        let rounds = run.log.rounds
        let data = ["# round,server_loss,train_loss,server_accuracy_percent,upload_kb,total_upload_mb"]
            + rounds.map { round in
                [
                    "\(round.round)", cell(round.serverLoss), cell(round.trainLoss),
                    cell(round.serverAccuracy.map { 100 * $0 }), cell(round.uploadBytes.map { Double($0) / 1e3 }),
                    cell(round.totalUploadBytes.map { Double($0) / 1e6 }),
                ].joined(separator: ",")
            }
        let evaluated = rounds.count { $0.serverLoss != nil }
        func style(_ points: Int, _ mark: Int) -> String {
            points <= 50 ? "linespoints lw 2 pt \(mark) ps 1.1" : "lines lw 2"
        }
        return Picture(
            "convergence_and_cost",
            caption: "Loss and accuracy by round, and the updates' bytes by round and in all.",
            size: (1500, 580), data: data,
            body: """
                set multiplot layout 1,2 title "\(run.plotName)" font "sans,14"
                set border 11 lc rgb "#777777"
                set xlabel "round"
                \(roundAxis(rounds))
                set ylabel "loss"
                set yrange [0:*]
                set y2label "server accuracy, %" textcolor rgb "\(Colour.green)"
                set y2range [0:100]
                set y2tics textcolor rgb "\(Colour.green)"
                set key below maxrows 1
                plot DATA using 1:3 with \(style(rounds.count, 7)) lc rgb "\(Colour.blue)" title "train loss", \\
                     DATA using 1:2 with \(style(evaluated, 5)) lc rgb "\(Colour.red)" title "server loss", \\
                     DATA using 1:4 axes x1y2 with \(style(evaluated, 9)) lc rgb "\(Colour.green)" title "server accuracy"
                set ylabel "upload, KB a round"
                set y2label "upload in all, MB" textcolor rgb "\(Colour.purple)"
                set y2range [0:*]
                set y2tics textcolor rgb "\(Colour.purple)"
                set style fill solid 0.75 noborder
                set boxwidth \(rounds.count <= 60 ? "0.7" : "1")
                plot DATA using 1:5 with boxes lc rgb "\(Colour.blue)" title "a round", \\
                     DATA using 1:6 axes x1y2 with \(style(rounds.count, 7)) lc rgb "\(Colour.purple)" title "in all"
                unset multiplot
                """)
    }

    /// Who took part, and why others did not.
    static func clientParticipation(_ run: RecordedRun) -> Picture {
        let rounds = run.log.rounds
        let data = ["# round,participants,late,dropped,rejected"]
            + rounds.map {
                "\($0.round),\($0.participants ?? 0),\($0.late ?? 0),\($0.dropped ?? 0),\($0.rejected ?? 0)"
            }
        let mean = Double(rounds.reduce(0) { $0 + ($1.participants ?? 0) }) / Double(max(rounds.count, 1))
        let most = rounds.map { ($0.participants ?? 0) + ($0.late ?? 0) + ($0.dropped ?? 0) + ($0.rejected ?? 0) }.max()
        var plots = ["DATA using 1:2 with boxes lc rgb \"\(Colour.blue)\" title \"took part\""]
        let others: [(String, String, Int)] = [
            ("late", Colour.yellow, rounds.reduce(0) { $0 + ($1.late ?? 0) }),
            ("dropped", Colour.red, rounds.reduce(0) { $0 + ($1.dropped ?? 0) }),
            ("rejected", Colour.purple, rounds.reduce(0) { $0 + ($1.rejected ?? 0) }),
        ]
        var sum = "$2"
        for (i, (name, colour, count)) in others.enumerated() {
            let upper = sum + "+$\(3 + i)"
            if count > 0 {
                plots.append(
                    "DATA using 1:((\(upper))):(half):(half):(\(sum)):(\(upper)) with boxxyerror lc rgb \"\(colour)\" "
                        + "title \"\(name)\"")
            }
            sum = upper
        }
        // A box by its corners: x low, x high, y low, y high.
        plots = plots.map {
            $0.replacingOccurrences(of: ":(half):(half):", with: ":($1-half):($1+half):")
        }
        plots.append("\(mean) with lines lw 2 dt 2 lc rgb \"#222222\" title \"mean \(Figures.fixed(mean, 1)) clients\"")
        let half = rounds.count <= 60 ? 0.35 : 0.5
        return Picture(
            "client_participation", caption: "Clients whose update entered the mean, by round.",
            size: (1100, 480), data: data,
            body: """
                set title "\(run.plotName): clients a round"
                set xlabel "round"
                \(roundAxis(rounds))
                set ylabel "clients"
                set yrange [0:\(Figures.fixed(max(1, Double(most ?? 1)) * 1.08, 2))]
                set ytics \(step(max(1, most ?? 1)))
                set key below maxrows 1
                set style fill solid 0.75 noborder
                half = \(half)
                set boxwidth 2*half
                plot \(plots.joined(separator: ", \\\n     "))
                """)
    }

    /// What a megabyte bought.
    static func bandwidthEfficiency(_ run: RecordedRun, _ convergence: Convergence) -> Picture {
        let gains = convergence.pointsPerMegabyte
        let data = ["# round,points_per_mb"] + gains.map { "\($0.round),\($0.gain)" }
        // Linear around zero, logarithmic beyond: gains shrink by orders of magnitude, and some are losses.
        let sizes = gains.map { abs($0.gain) }.filter { $0 > 0 }.sorted()
        let typical = sizes.isEmpty ? 1 : sizes[sizes.count / 10]
        var unit = 1.0
        while unit > typical, unit > 1e-6 { unit /= 10 }
        while unit * 10 <= typical, unit < 1e6 { unit *= 10 }
        let most = max(gains.map(\.gain).max() ?? unit, unit)
        let least = min(gains.map(\.gain).min() ?? 0, 0)
        var tics = ["0"]
        var power = unit
        while power <= most * 2 || power <= -least * 2 {
            if power <= most * 2 { tics.append(ticLabel(power)) }
            if power <= -least * 2 { tics.append(ticLabel(-power)) }
            power *= 10
        }
        let knee = convergence.fallOff.map { point in
            "set arrow from \(point.round), graph 0 to \(point.round), graph 1 nohead dt 3 lw 2 lc rgb \"#777777\"\n"
                + "set label \" falls off after round \(point.round)\" at \(point.round), graph 0.95 "
                + "textcolor rgb \"#555555\""
        }
        let first = convergence.chance.map { " The first counts from guessing, \(Figures.fixed(100 * $0, 0)) %." } ?? ""
        return Picture(
            "bandwidth_efficiency",
            caption: "Accuracy points gained per MB uploaded since the evaluation before; the axis is linear around 0 "
                + "and logarithmic beyond." + first,
            size: (1100, 480), data: data,
            body: """
                set title "\(run.plotName): accuracy points per MB uploaded"
                set xlabel "round"
                \(roundAxis(run.log.rounds))
                set ylabel "points per MB"
                unit = \(unit)
                set nonlinear y via asinh(y / unit) inverse unit * sinh(y)
                set yrange [\(least < 0 ? least * 1.6 : -unit / 2):\(most * 1.6)]
                set ytics (\(tics.joined(separator: ", ")))
                set xzeroaxis lt 1 lc rgb "#777777"
                set key below maxrows 1
                \(knee ?? "")
                gained(y) = y >= 0 ? y : NaN
                lost(y) = y < 0 ? y : NaN
                plot DATA using 1:(gained($2)) with impulses lw \(gains.count > 100 ? 1 : 3) lc rgb "\(Colour.blue)" \\
                         notitle, \\
                     DATA using 1:(gained($2)) with points pt 7 ps \(gains.count > 100 ? 0.5 : 1.1) \\
                         lc rgb "\(Colour.blue)" title "gained", \\
                     DATA using 1:(lost($2)) with impulses lw \(gains.count > 100 ? 1 : 3) lc rgb "\(Colour.red)" \\
                         notitle, \\
                     DATA using 1:(lost($2)) with points pt 7 ps \(gains.count > 100 ? 0.5 : 1.1) \\
                         lc rgb "\(Colour.red)" title "lost"
                """)
    }

    private static func ticLabel(_ value: Double) -> String {
        let decimals = max(0, -Int(log10(abs(value)).rounded(.down)))
        return "\"\(Figures.fixed(value, decimals))\" \(value)"
    }

    /// Whole rounds, with half a round of room at each end.
    private static func roundAxis(_ rounds: [LoggedRound]) -> String {
        let first = rounds.first?.round ?? 1
        let last = rounds.last?.round ?? 1
        let room = max(0.6, Double(last - first) / 100)
        let step = step(last - first)
        return "set xrange [\(Double(first) - room):\(Double(last) + room)]\nset xtics \(step == 1 ? first : 0), \(step)"
    }
}

extension RecordedRun {
    /// Its name as a string of a script.
    var plotName: String {
        String(name.map { $0 == "\"" || $0 == "\\" || $0 == "`" || $0.isNewline ? "_" : $0 })
    }
}
