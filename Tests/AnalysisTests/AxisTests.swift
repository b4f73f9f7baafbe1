import Foundation
import Testing

@testable import Analysis

/// What axes show, and how wide things are.
struct AxisTests {
    /// A single image of 10,000 is 0.01 points.
    @Test(arguments: [
        [84.06, 84.07], [0.0, 0.01], [99.99, 100.0], [50.0], [0.0], [100.0], [-5.0, 105.0], [10.0, 90.0],
    ])
    func `An axis of accuracies shows a point at least, and all of them`(percents: [Double]) {
        let range = Picture.accuracyRange(percents)
        #expect(range.upperBound - range.lowerBound >= 1 - 1e-9)
        #expect(range.lowerBound >= 0 && range.upperBound <= 100)
        #expect(percents.filter { (0...100).contains($0) }.allSatisfy(range.contains))
    }

    @Test func `Without an accuracy the axis shows all that there may be`() {
        #expect(Picture.accuracyRange([.nan, .infinity]) == 0...100)
    }

    @Test func `An axis of rounds has no tic between two rounds`() {
        #expect(Picture.roundAxis(1...2).text == "set xrange [0.4:2.6]\nset xtics 1, 1")
        #expect(Picture.roundAxis(1...30).text.hasSuffix("set xtics 0, 5"))
        #expect(Picture.roundAxis(7...7).text == "set xrange [6.4:7.6]\nset xtics 7, 1")
    }

    @Test func `A logarithmic axis begins and ends at a tic; of values of like size it is linear`() {
        let axis = Picture.logAxis("x", [0.3, 4]).text
        #expect(axis.contains("set logscale x") && axis.contains("set xrange [0.2:5.0]"))
        #expect(axis.contains("(\"0.2\" 0.2, \"0.5\" 0.5, \"1\" 1.0, \"2\" 2.0, \"5\" 5.0)"))
        #expect(Picture.logAxis("x", [2, 4]).text == "set xrange [0:4.6]")
    }

    @Test func `All pictures are as wide and have type of the same size`() {
        func picture(_ columns: Int) -> Picture {
            Picture(
                "p", caption: "", data: [],
                rows: [Array(repeating: Panel("a title", key: ["one", "two"], body: "plot 1"), count: columns)])
        }
        for columns in 1...3 {
            #expect(picture(columns).script.contains("size 1200,"))
            #expect(picture(columns).script.contains("font \"sans-serif,21.0\""))
            #expect(picture(columns).vectorScript.contains("size 600,"))
            // One place for each: no panel chooses type of its own.
            #expect(picture(columns).script.components(separatedBy: "font ").count == 2)
        }
    }

    @Test func `A key of long names has a line for each, and what is too long for the picture is cut`() {
        let names = ["a name of forty letters, which is much", "another one of forty letters, as much"]
        let wide = Panel("", height: 100, bottom: 60, key: names, body: "plot 1")
        let short = Panel("", height: 100, bottom: 60, key: ["a", "b"], body: "plot 1")
        #expect(wide.total(600) == short.total(600) + Panel.line)
        #expect(Panel.cut("abcdef", to: 4) == "abc…" && Panel.cut("abcd", to: 4) == "abcd")
        #expect(Picture.title(String(repeating: "n", count: 200), "loss by round").count <= 82)
    }
}
