import Testing

@testable import fedmpi

@Suite struct RepeatedWarningsTests {
    @Test func `A warning that comes every round is told first, at ten and a hundred times, and at the end`() {
        var warnings = RepeatedWarnings()
        var lines: [String] = []
        for round in 1...150 {
            // The element differs, the kind does not.
            let kind = "element \(round * 7) is NaN"
            if let line = warnings.add("left out 2 updates: \(kind)", kind: kind, items: 2, round: round) {
                lines.append(line)
            }
        }
        lines += warnings.conclude()
        #expect(
            lines == [
                "round 1: left out 2 updates: element 7 is NaN",
                "rounds 1 to 10: 10 times, 20 in all, first: left out 2 updates: element 7 is NaN",
                "rounds 1 to 100: 100 times, 200 in all, first: left out 2 updates: element 7 is NaN",
                "rounds 1 to 150: 150 times, 300 in all, first: left out 2 updates: element 7 is NaN",
            ])
    }

    @Test func `Another reason is another warning, and what came once is not repeated`() {
        var warnings = RepeatedWarnings()
        #expect(warnings.add("a", kind: "no samples", items: 1, round: 3) == "round 3: a")
        #expect(warnings.add("b", kind: "a checksum", items: 1, round: 4) == "round 4: b")
        #expect(warnings.add("c", kind: "no samples", items: 1, round: 5) == nil)
        #expect(warnings.conclude() == ["rounds 3 to 5: 2 times, first: a"])
        #expect(warnings.conclude() == [])
    }
}
