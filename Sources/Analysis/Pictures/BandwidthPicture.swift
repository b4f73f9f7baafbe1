import FedCore
import Foundation
import Records

extension Picture {
    /// What a megabyte bought: accuracy points gained per MB uploaded, by round, with a mark where accuracy falls off.
    ///
    /// Gains have their interval of 95 % where the size of the test set is known; one whose interval holds 0 is drawn
    /// as undecided. The axis is y ↦ asinh(y / unit), which is linear around 0 and logarithmic far from it; the unit is
    /// the largest power of ten that is at most the median of the gains' sizes, within 10⁻⁶ and 10⁶.
    ///
    /// - Parameters:
    ///   - run: for the title and the axis of rounds.
    ///   - convergence: with at least one gain.
    /// - Complexity: O(rounds · log rounds).
    static func bandwidthEfficiency(_ run: RecordedRun, _ convergence: Convergence) -> Picture {
        // A damaged log may have any number; none that is not finite can be drawn.
        let gains = convergence.pointsPerMegabyte.filter(\.gain.isFinite)
        /// 1 is gained, -1 lost, and 0 what other test images could have turned round.
        func sign(_ gain: Double, _ interval: ClosedRange<Double>?) -> Int {
            if interval?.contains(0) == true { return 0 }
            return gain < 0 ? -1 : 1
        }
        let data =
            ["# round,points_per_mb,low,high,sign"]
            + gains.map {
                "\($0.round),\($0.gain),\(cell($0.interval?.lowerBound)),\(cell($0.interval?.upperBound)),"
                    + "\(sign($0.gain, $0.interval))"
            }
        // Linear around zero, logarithmic beyond: gains shrink by orders of magnitude, and some are losses.
        let sizes = gains.map { abs($0.gain) }.filter { $0 > 0 }.sorted()
        let typical = sizes.isEmpty ? 1 : sizes[sizes.count / 2]
        var unit = 1.0
        while unit > typical, unit > 1e-6 { unit /= 10 }
        while unit * 10 <= typical, unit < 1e6 { unit *= 10 }
        let most = max(gains.map { $0.interval?.upperBound ?? $0.gain }.max() ?? unit, unit)
        let least = min(gains.map { $0.interval?.lowerBound ?? $0.gain }.min() ?? 0, 0)
        var tics: [PlotScript] = ["0"]
        var power = unit
        while power <= most * 2 || power <= -least * 2 {
            if power <= most * 2 { tics.append(ticLabel(power)) }
            if power <= -least * 2 { tics.append(ticLabel(-power)) }
            power *= 10
        }
        let knee = convergence.fallOff.map { point -> PlotScript in
            """
            set arrow from \(point.round), graph 0 to \(point.round), graph 1 nohead dt 3 lw 1.5 lc rgb "#777777"
            set label " falls off after round \(point.round)" at \(point.round), graph 0.95 textcolor rgb "#555555"
            """
        }
        let hasIntervals = gains.contains { $0.interval != nil }
        let isDense = gains.count > 100
        let marks: [(sign: Int, title: String, look: PlotScript)] = [
            (1, "gained", "pt 7 ps \(isDense ? 0.3 : 0.5) lc rgb \(Colour.blue)"),
            (-1, "lost", "pt 7 ps \(isDense ? 0.3 : 0.5) lc rgb \(Colour.red)"),
            (0, "undecided", "pt 7 ps \(isDense ? 0.3 : 0.5) lc rgb \"#999999\""),
        ].filter { mark in gains.contains { sign($0.gain, $0.interval) == mark.sign } }
        let points = marks.map { mark -> PlotScript in
            "DATA using 1:($5 == \(mark.sign) ? $2 : NaN) with points \(mark.look) title \(text: mark.title)"
        }
        let bars: PlotScript =
            hasIntervals && !isDense
            ? "DATA using 1:3:(0):($4-$3) with vectors nohead lw 1 lc rgb \"#999999\" notitle, \\\n" : ""
        let first =
            convergence.chance.map { " The first counts from guessing, \(NumberText.fixed(100 * $0, 0)) %." } ?? ""
        return Picture(
            "bandwidth_efficiency",
            caption: "Accuracy points gained per MB uploaded since the evaluation before; the axis is linear around 0 "
                + "and logarithmic beyond." + first
                + (hasIntervals
                    ? " Bars are 95 % intervals (Newcombe); where one holds 0, other test samples could have turned gain "
                        + "into loss." : ""),
            data: data,
            panel: Panel(
                title(run.name, "accuracy points per MB uploaded"), key: marks.map(\.title),
                body: """
                    set xlabel "round"
                    \(roundAxis(run.log.rounds))
                    set ylabel "points per MB"
                    unit = \(unit)
                    set nonlinear y via asinh(y / unit) inverse unit * sinh(y)
                    set yrange [\(least < 0 ? least * 1.6 : -unit / 2):\(most * 1.6)]
                    set ytics (\(tics.joined(by: ", ")))
                    \(knee ?? "")
                    plot 0 with lines lc rgb "#777777" notitle, \\
                         \(bars)     \(points.joinedPlots())
                    """))
    }

    /// A label of that axis at a power of ten, or minus one, without more decimals than it needs; thousands as `k`, for which
    /// there is room.
    private static func ticLabel(_ value: Double) -> PlotScript {
        guard abs(value) < 1000 else { return "\"\(value / 1000, decimals: 0)k\" \(value)" }
        let decimals = max(0, -Int(log10(abs(value)).rounded(.down)))
        return "\"\(value, decimals: decimals)\" \(value)"
    }
}
