import Foundation
import Testing

@testable import fedmpi

/// Tables in lines of eighty characters, and lines of progress.
@Suite struct NarrowTableTests {
    @Test func `A table that fits is as it was`() {
        var table = TextTable([("a", .left), ("b", .right)])
        table.add(["x", "1"])
        #expect(table.text(width: 80) == "a  b\nx  1")
    }

    @Test func `Words of the last column are broken into lines below each other`() {
        var table = TextTable([("device", .left), ("why", .left)])
        let words = Array(repeating: "reason", count: 20).joined(separator: " ")
        table.add(["sensor", words])
        table.add(["phone", "-"])
        let lines = table.text(width: 80).split(separator: "\n").map(String.init)
        // 80 - 8 = 72 characters: ten words of six with nine spaces are 69.
        #expect(lines[1] == "sensor  " + Array(repeating: "reason", count: 10).joined(separator: " "))
        #expect(lines[2] == "        " + Array(repeating: "reason", count: 10).joined(separator: " "))
        #expect(lines[3] == "phone   -" && lines.count == 4)
    }

    @Test func `Columns that do not fit come below, behind the first one`() {
        var table = TextTable([("model", .left)] + (1...4).map { ("column \($0)", .right) })
        let cell = String(repeating: "9", count: 30)
        table.add(["m", cell, cell, cell, cell])
        let parts = table.text(width: 80).components(separatedBy: "\n\n")
        // 5 + 2 · 32 = 69 characters.
        #expect(parts.count == 2 && parts.allSatisfy { $0.hasPrefix("model  ") })
        #expect(parts[1].hasSuffix("m      \(cell)  \(cell)"))
        let lines = table.text(width: 80).split(separator: "\n")
        #expect(lines.map(\.count).max() == 69)
    }

    @Test func `Progress says the share, and the time that is left at the pace so far`() {
        #expect(WorkProgress.line("serving", 0.25, "1 of 4", after: 10) == "serving  25 %, 30 s left, 1 of 4")
        #expect(WorkProgress.line("serving", 0, "0 of 4", after: 10) == "serving  0 %, 0 of 4")
        #expect(WorkProgress.line("measuring", 1.5, "", after: 10) == "measuring  100 %")
        #expect(WorkProgress.line("m", 0.5, String(repeating: "x", count: 200), after: 1).count == 79)
    }
}
