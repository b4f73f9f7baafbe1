import Analysis
import FedCore
import Privacy

extension Picture {
    /// ε over the rounds by every accountant, with the budget as a line.
    ///
    /// The figure starts at ε 0. Where an accountant does not take the events, its curve is not
    /// there.
    /// - Parameter answer: with a curve of two rows at least, or the picture is empty.
    static func privacyRounds(_ answer: PrivacyAnswer) -> Picture {
        let data =
            ["# rounds," + PrivacyFigures.titles.map { cell(text: $0) }.joined(separator: ",")]
            + answer.curve.map { row in
                ([cell(Double(row.rounds))] + row.epsilons.inOrder.map { cell($0) }).joined(separator: ",")
            }
        let shown = PrivacyFigures.titles.enumerated().filter { i, _ in
            answer.curve.contains { $0.epsilons.inOrder[i]?.isFinite ?? false }
        }
        let names = shown.map(\.element) + (answer.budget == nil ? [] : ["budget"])
        var curves = shown.map { i, title -> PlotScript in
            "DATA using 1:\(i + 2) with linespoints lw 1.5 pt 7 ps 0.4 lc rgb \(Colour.all[i]) title \(text: title)"
        }
        if let budget = answer.budget {
            curves.append("\(budget) with lines lw 1.5 dt 2 lc rgb 'black' title 'budget'")
        }
        if curves.isEmpty { curves = ["NaN notitle"] }
        return Picture(
            "privacy_rounds",
            caption: "Epsilon at delta \(answer.delta) over the rounds, by accountant; noise multiplier "
                + "\(PrivacyAnswer.number(answer.noise)), rate \(PrivacyAnswer.number(answer.plan.rate)).",
            data: data,
            panel: Panel(
                "epsilon at delta \(answer.delta), noise multiplier \(PrivacyAnswer.number(answer.noise))", height: 300,
                key: names,
                body: """
                    set xlabel "rounds"
                    set ylabel "epsilon"
                    set yrange [0:*]
                    set xrange [0:*]
                    plot \(curves.joined(by: ", "))
                    """))
    }
}
