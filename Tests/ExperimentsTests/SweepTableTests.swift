import Analysis
import Foundation
import Testing

@testable import Experiments

@Suite struct SweepTableTests {
    /// A round of 2 MB and half a second each.
    private func curve(_ accuracies: [Double?], simulated: Double? = nil) -> RunCurve {
        RunCurve(
            accuracies.enumerated().map {
                RunCurve.Round(
                    round: $0 + 1, accuracy: $1, uploadBytes: 2_000_000 * ($0 + 1), seconds: 0.5,
                    simulatedSeconds: simulated)
            })
    }

    private func table(
        _ rows: [(String, [RunCurve?])], target: Double? = nil, columns: [SweepColumn]? = nil
    ) -> SweepTable {
        SweepTable(
            rows.flatMap { name, curves in curves.map { ([(name: "strategy", value: name)], $0) } },
            target: target, columns: columns)
    }

    @Test func `Mean and sample deviation are those of the textbook`() throws {
        // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squares of the distances 9 1 1 1 0 0 4 16, √(32 / 7) = 2.138089935…
        let statistic = try #require(SeedStatistic([2, 4, 4, 4, 5, 5, 7, 9]))
        #expect(statistic.mean == 5)
        #expect(abs(try #require(statistic.deviation) - 2.138_089_935_299_395) < 1e-14)
        #expect(statistic.text(decimals: 2) == "5.00 ± 2.14")
        #expect(SeedStatistic([]) == nil)
        let single = try #require(SeedStatistic([3]))
        #expect(single.deviation == nil && single.text(decimals: 1) == "3.0")
    }

    @Test func `Strategies are compared in pairs of seeds, each with the best at the same α`() throws {
        let finals: [(String, String, [Double?])] = [
            ("fedavg", "0.1", [0.718, 0.60, 0.801]), ("scaffold", "0.1", [0.755, 0.77, 0.746]),
            ("fedavg", "1", [0.9, 0.8, 0.7]), ("scaffold", "1", [0.8, 0.8, 0.5]), ("fedprox", "1", [0.99, nil, 0.9]),
        ]
        let runs = finals.flatMap { strategy, alpha, values in
            values.map { value in
                (
                    coordinates: [(name: "strategy", value: strategy), (name: "alpha", value: alpha)],
                    curve: value.map { curve([$0]) }
                )
            }
        }
        let comparisons = SweepTable(runs, target: nil, columns: nil).comparisons
        #expect(comparisons.map { $0.row.coordinates.map(\.value) } == [["fedavg", "0.1"], ["scaffold", "1"]])
        #expect(comparisons.map { $0.best.coordinates[0].value } == ["scaffold", "fedavg"])
        // As scipy.stats.ttest_rel has it.
        #expect(abs(comparisons[0].test.probability - 0.5190499513669319) < 1e-9)
        #expect(abs(comparisons[0].test.differences.mean - (2.119 - 2.271) / 3) < 1e-12)
    }

    @Test func `What clients found, and simulated time to the target, are columns where a run has them`() {
        var tested = curve([0.7, 0.9, 0.8], simulated: 2.5).rounds
        tested[1].clients = RunCurve.Clients(mean: 0.5, worst: 0.1, ownMean: nil, ownWorst: nil)
        let table = table([("a", [RunCurve(tested)]), ("b", [curve([0.1, 0.2, 0.3])])], target: 0.8)
        #expect(
            table.columns == [.final, .best, .rounds, .upload, .reach, .clients, .clientsWorst, .simulated, .seconds])
        #expect(table.statistic(.reach, of: table.rows[0])?.mean == 5)
        #expect(table.statistic(.clients, of: table.rows[0])?.mean == 50)
        #expect(table.statistic(.clientsWorst, of: table.rows[0])?.mean == 10)
        #expect(table.statistic(.own, of: table.rows[0]) == nil)
        #expect(table.statistic(.reach, of: table.rows[1]) == nil)
    }

    @Test func `No point on the front has one beside it that is as good for fewer bytes`() {
        func run(_ megabytes: Double, _ accuracy: Double) -> RunCurve {
            RunCurve([
                RunCurve.Round(
                    round: 1, accuracy: accuracy, uploadBytes: Int(megabytes * 1e6), seconds: 1, simulatedSeconds: nil)
            ])
        }
        let table = table([
            ("plain", [run(40, 0.89), run(40, 0.90)]), ("half", [run(20, 0.90)]), ("worse", [run(10, 0.7)]),
            ("least", [run(0.2, 0.88)]), ("same", [run(0.3, 0.88)]), ("none", [nil]),
        ])
        #expect(table.costs.map(\.label) == ["least", "same", "worse", "half", "plain"])
        #expect(table.costs.map(\.isOnFront) == [true, false, false, true, false])
        #expect(table.costs.last?.accuracy.mean == 89.5 && table.costs.last?.megabytes == 40)
        #expect(table.bytesPicture(title: "x")?.name == "bytes")
        // Points of different settings: nothing lies between them.
        #expect(table.bytesPicture(title: "x")?.script.contains("with lines") == false)
        #expect(self.table([("a", [run(1, 0.5)]), ("b", [run(1.2, 0.6)])]).bytesPicture(title: "x") == nil)
    }

    @Test func `A run that did not finish is missing, and said to be`() {
        let table = table([("a", [curve([0.5]), nil]), ("b", [nil, nil])], columns: [.final, .best])
        #expect(
            table.csv == """
                strategy,runs,finished,final_accuracy_percent_mean,final_accuracy_percent_deviation,\
                final_accuracy_percent_count,best_accuracy_percent_mean,best_accuracy_percent_deviation,\
                best_accuracy_percent_count
                a,2,1,50.0,,1,50.0,,1
                b,2,0,,,0,,,0

                """)
    }

    @Test func `Simulated seconds are shown where there are any`() {
        #expect(!table([("a", [curve([0.5])])]).columns.contains(.simulated))
        let simulated = table([("a", [curve([0.5, 0.5], simulated: 3)])])
        #expect(simulated.columns == [.final, .best, .simulated, .seconds])
        #expect(simulated.statistic(.simulated, of: simulated.rows[0])?.mean == 6)
    }

    @Test func `Cells that would break a file are quoted`() {
        let table = table([("a,b|\"c\"", [curve([0.5])])], columns: [.final])
        #expect(table.csv.contains("\n\"a,b|\"\"c\"\"\",1,1,"))
    }

    @Test func `A curve is the mean of all runs at the rounds in which all were evaluated`() throws {
        let curves = table([("a", [curve([0.1, nil, 0.5]), curve([0.3, 0.4, 0.7])]), ("b", [nil])]).curves
        #expect(curves.map(\.label) == ["a"])
        #expect(curves[0].points.map(\.round) == [1, 3])
        #expect(curves[0].points.map { Int($0.accuracy.mean.rounded()) } == [20, 60])
    }

    @Test func `Names are what differs`() {
        func label(_ coordinates: [[(name: String, value: String)]]) -> [String] {
            let table = SweepTable(coordinates.map { ($0, curve([0.5])) }, target: nil, columns: nil)
            return table.rows.map(table.label)
        }
        #expect(
            label([[("strategy", "fedavg"), ("alpha", "0.1")], [("strategy", "fedprox"), ("alpha", "0.1")]])
                == ["fedavg", "fedprox"])
        #expect(
            label([[("strategy", "fedavg"), ("alpha", "0.1")], [("strategy", "fedavg"), ("alpha", "1")]])
                == ["alpha 0.1", "alpha 1"])
        #expect(label([[("strategy", "fedavg"), ("alpha", "0.1")]]) == ["fedavg, alpha 0.1"])
        #expect(label([[]]) == ["all runs"])
    }

    @Test func `The figure has a line for each point, and a band only where seeds differ`() throws {
        let picture = try #require(
            table([("a", [curve([0.1, 0.2]), curve([0.2, 0.3])]), ("b", [curve([0.5, 0.6])])]).picture(title: "t"))
        #expect(picture.script.contains("index 0 using 1:3:4 with filledcurves"))
        #expect(!picture.script.contains("index 1 using 1:3:4"))
        #expect(picture.script.contains("index 0 using 1:2") && picture.script.contains("index 1 using 1:2"))
        #expect(picture.data.contains("# b\n# round,mean_percent,low,high,runs\n1,50.0,50.0,50.0,1\n"))
        #expect(table([("a", [nil])]).picture(title: "t") == nil)
    }

    @Test func `Labels are where their curves end, or as near as they can be in the same order`() {
        let spread = { LabelLayout.spread($0, gap: 2, in: 0...20) }
        #expect(spread([5, 1, 9]) == [5, 1, 9])
        #expect(spread([10, 10]) == [11, 9], "of equal ones the first is above")
        #expect(spread([10, 11, 18]) == [9.5, 11.5, 18])
        // 10, 10.5, 11 need 4 of room: around their mean.
        #expect(spread([10, 10.5, 11]) == [8.5, 10.5, 12.5])
        #expect(spread([0, 0.5]) == [0, 2] && spread([20, 19.5]) == [20, 18])
        #expect(spread([]) == [])
    }
}
