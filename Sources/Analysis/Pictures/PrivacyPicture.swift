import FedCore
import Records

extension Picture {
    /// What privacy bought: accuracy, or R² of a regression, against ε after the same round.
    ///
    /// Rounds that have only one of the two are left out. ε is spent by all rounds so far, at the δ that the run was
    /// given.
    ///
    /// - Parameter run: with a round that has both.
    static func accuracyOverEpsilon(_ run: RecordedRun) -> Picture {
        let points = run.log.rounds.compactMap { round in
            round[.epsilon].flatMap { epsilon in
                (round.accuracy.map { 100 * $0 } ?? round[.r2]).map { (epsilon, $0, round.round) }
            }
        }
        let hasAccuracy = run.log.rounds.contains { $0.accuracy != nil }
        let delta = run.setting("delta").map { " at delta \($0)" } ?? ""
        let mark: PlotScript = points.count <= 50 ? "linespoints lw 1.5 pt 7 ps 0.5" : "lines lw 1.5"
        return Picture(
            "accuracy_over_epsilon",
            caption:
                "\(hasAccuracy ? "Accuracy" : "R²") of the weights of a round against epsilon\(delta), all rounds up to it "
                + "counted.",
            data: ["# epsilon,quality,round"] + points.map { "\($0.0),\($0.1),\($0.2)" },
            panel: Panel(
                title(run.name, "\(hasAccuracy ? "accuracy" : "R²") and privacy"),
                body: """
                    set xlabel \(text: "epsilon" + delta)
                    set xrange [0:*]
                    set ylabel \(text: hasAccuracy ? "accuracy, %" : "R²")
                    \(hasAccuracy ? accuracyAxis(points.map(\.1)) : "set yrange [*:1]")
                    plot DATA using 1:2 with \(mark) lc rgb \(Colour.green) notitle
                    """))
    }
}
