import Testing

@testable import Experiments
@testable import fedmpi

/// A sweep's table as people read it.
@Suite struct SweepTextTests {
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

    @Test func `A row is a point over its seeds, with how many of them reached the target`() {
        let table = table(
            [
                ("a", [curve([0.5, 0.9, 0.8]), curve([0.8, 0.7, 0.6]), curve([0.1, 0.2, 0.4])]),
                ("b", [curve([0.1, nil, 0.3]), curve([0.1, nil, 0.3]), curve([0.1, nil, 0.3])]),
            ], target: 0.8)
        // a: final 80, 60, 40; best 90, 80, 40: mean 70, √((400 + 100 + 900) / 2) = 26.46; the target in rounds 2 and 1.
        #expect(
            table.text(width: 80)
                == """
                strategy     final, %      best, %   rounds to 80 %  MB up to reach 80 %
                a         60.0 ± 20.0  70.0 ± 26.5  1.5 ± 0.7 (2/3)    3.00 ± 1.41 (2/3)
                b          30.0 ± 0.0   30.0 ± 0.0                –                    –
                wall s has no room here: table.csv has it
                """)
        // Where there is room, all of it.
        #expect(table.text(width: 83).hasSuffix("–                    –  1.5 ± 0.0"))
        #expect(table.text(width: 50).split(separator: "\n").allSatisfy { $0.count <= 50 })
    }

    /// Differences of -10 and -30 points: t = -0.2 / (0.1414 / √2) = -2, and with one degree of freedom p = 1 - 2 atan(2) / π.
    @Test func `The page of a sweep says what its seeds tell apart`() {
        let table = table([("a", [curve([0.8]), curve([0.6])]), ("b", [curve([0.9]), curve([0.9])])])
        let lines = table.paired.markdown.split(separator: "\n")
        #expect(
            lines.prefix(3) == [
                "| runs | beside | points | seeds | p | p, Holm | at 5 % |", "|---|---|---:|---:|---:|---:|---|",
                "| a | b | -20.0 ± 14.1 | 2 | 0.295 | 0.295 | not told apart |",
            ])
        #expect(self.table([("a", [curve([0.8])])]).paired.markdown.isEmpty)
    }

    /// A tenth of a model: 200 bytes are 0.0002 MB.
    @Test func `Few megabytes have as many digits as they need`() {
        let round = RunCurve.Round(
            round: 1, accuracy: 0.9, uploadBytes: 200, seconds: 0.5, simulatedSeconds: nil)
        let table = table([("a", [RunCurve([round])])], target: 0.8, columns: [.upload])
        #expect(table.text(width: 80) == "strategy  MB up to reach 80 %\na                      0.0002")
    }

    @Test func `A run that did not finish is missing from a page, and said to be`() {
        let table = table([("a", [curve([0.5]), nil]), ("b", [nil, nil])], columns: [.final, .best])
        #expect(
            table.markdown == """
                | strategy | finished | final, % | best, % |
                |---|---|---:|---:|
                | a | 1/2 | 50.0 | 50.0 |
                | b | 0/2 | – | – |

                """)
    }

    @Test func `A cell that would end another is escaped`() {
        let table = table([("a,b|\"c\"", [curve([0.5])])], columns: [.final])
        #expect(table.markdown.contains("| a,b\\|\"c\" | 50.0 |"))
    }
}
