import FedCore
import Foundation
import Records

/// A picture as gnuplot draws it: a script that stands alone beside its data, for whoever wants it in another style.
public struct Picture {
    /// `name.png` is drawn by `name.gp` from `name.csv`.
    public let name: String
    /// Said under it: what it shows, in full sentences.
    public let caption: String
    /// Contents of the `.csv` file: lines of cells with commas; those that begin with `#` are comments, and two empty
    /// lines separate blocks, which gnuplot calls `index 0`, `index 1` and so on.
    public let data: String
    /// Contents of the `.gp` file, which draws the `.png`.
    public let script: String
    /// A script that draws the same as `name.svg`, for pages: it is as sharp on any screen.
    let vectorScript: String

    /// Pixels from the left to the right of every picture, on a page. A letter is then as large in one as in the other.
    public static let width = 600
    /// Pixels of a letter's height: on a telephone, which shows a page of 400 pixels, it is still 8.
    private static let letters = 14

    /// Makes a picture; nothing is written or drawn.
    ///
    /// - Parameters:
    ///   - name: lower-case letters, digits, hyphens and underscores of this program's own.
    ///   - caption: said under it.
    ///   - data: lines; what cannot be shown is written out, so that a name is no line of its own.
    ///   - preamble: what the script does once, before the first panel.
    ///   - rows: plots from above; those of one row stand side by side and are equally wide. `DATA` is the data's file
    ///     name in their scripts.
    /// - Precondition: the name has no other characters.
    public init(_ name: String, caption: String, data: [String], preamble: PlotScript = "", rows: [[Panel]]) {
        precondition(
            name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || "0123456789-_".utf8.contains($0)
            },
            "a picture's name stands in a script and in file names")
        self.name = name
        self.caption = caption
        self.data = data.map(\.printable).joined(separator: "\n") + "\n"
        let heights = rows.map { row in row.map { $0.total(Self.width / row.count) }.max() ?? 0 }
        let height = max(1, heights.reduce(6, +))
        var panels: [PlotScript] = []
        var y = 0
        for (row, tall) in zip(rows, heights) {
            let width = Self.width / row.count
            for (column, panel) in row.enumerated() {
                panels.append(panel.script(x: column * width, y: y, width: width, canvas: (Self.width, height)))
            }
            y += tall
        }
        func script(_ suffix: String, _ terminal: PlotScript) -> PlotScript {
            """
            reset
            set encoding utf8
            set terminal \(terminal) background "#ffffff"
            set output \(text: "\(name).\(suffix)")
            DATA = \(text: "\(name).csv")
            set datafile separator ","
            set datafile missing "NaN"
            \(preamble)
            set multiplot
            \(panels.joined())
            unset multiplot
            unset output

            """
        }
        // Twice as many pixels in the file as on the page; points of a font are three quarters of a pixel.
        let image = script(
            "png",
            """
            pngcairo noenhanced size \(2 * Self.width),\(2 * height) font "sans-serif,\(1.5 * Double(Self.letters))" \
            linewidth 2 pointscale 2
            """)
        let vectors = script(
            "svg", "svg noenhanced size \(Self.width),\(height) font \"sans-serif,\(Self.letters)\"")
        self.script = "# gnuplot \(name).gp draws \(name).png from \(name).csv.\n" + image.text
        vectorScript = vectors.text
    }

    /// Makes a picture of one plot.
    ///
    /// - Parameters:
    ///   - name: as of a picture of several.
    ///   - caption: said under it.
    ///   - data: lines.
    ///   - panel: the plot.
    public init(_ name: String, caption: String, data: [String], panel: Panel) {
        self.init(name, caption: caption, data: data, rows: [[panel]])
    }

    /// Who a picture is of and what it shows, for the title of its first panel: a name that leaves no room is cut.
    public static func title(_ name: String, _ what: String) -> String {
        "\(Panel.cut(name, to: max(12, 78 - what.count))): \(what)"
    }

    /// The part of an axis of accuracies that is shown: all values, and one point at least, so that a single test image
    /// does not look like a difference.
    ///
    /// - Parameter percents: values and ends of their intervals; those that are not finite are passed over.
    /// - Returns: within [0, 100], with some room around the values where there is any; [0, 100] without values.
    public static func accuracyRange(_ percents: [Double]) -> ClosedRange<Double> {
        let finite = percents.filter(\.isFinite)
        guard let least = finite.min(), let most = finite.max() else { return 0...100 }
        let room = max(0.06 * (most - least), (1 - (most - least)) / 2, 0.1)
        // What does not fit at one end is room at the other.
        var (low, high) = (least - room, most + room)
        if low < 0 { (low, high) = (0, max(high, 1)) }
        if high > 100 { (low, high) = (min(low, 99), 100) }
        return max(0, low)...min(100, high)
    }

    /// That part of a vertical axis as a command.
    public static func accuracyAxis(_ percents: [Double]) -> PlotScript {
        let range = accuracyRange(percents)
        return "set yrange [\(range.lowerBound):\(range.upperBound)]"
    }

    /// A cell of the data: as many digits as tell the number apart from all others, and `NaN`, which gnuplot passes
    /// over, where there is none or it is not finite.
    public static func cell(_ number: Double?) -> String {
        guard let number, number.isFinite else { return "NaN" }
        return "\(number)"
    }

    /// A text as a cell of the data, without quotes: commas and double quotes in it are underscores.
    public static func cell(text: String) -> String {
        String(String.UnicodeScalarView(text.printable.unicodeScalars.map { $0 == "," || $0 == "\"" ? "_" : $0 }))
    }

    /// Bars as a part of a `plot` command. Many of them are drawn as one area, because bars that touch show seams.
    ///
    /// - Parameters:
    ///   - values: gnuplot's expression for their heights, such as `$2`.
    ///   - data: the file, and the block in it; its first column has the bars' centres, which go up by `width`.
    ///   - count: how many there are. More than 60 are one area.
    ///   - width: distance of the centres. Single bars take 0.7 of it.
    ///   - colour: of all of them.
    ///   - title: in the key; none when it is empty.
    static func bars(
        _ values: PlotScript, of data: PlotScript = "DATA", count: Int, width: Double = 1, colour: Colour, title: String
    ) -> PlotScript {
        let look: PlotScript = "lc rgb \(colour)"
        let name: PlotScript = title.isEmpty ? "notitle" : "title \(text: title)"
        guard count > 60 else { return "\(data) using 1:(\(values)):(\(0.7 * width)) with boxes \(look) \(name)" }
        return """
            \(data) using ($1-\(width / 2)):(\(values)) with fillsteps \(look) \(name), \\
                 \(data) every ::\(count - 1) using 1:(\(values)):(\(width)) with boxes \(look) notitle
            """
    }

    /// The distance of labels on an axis of whole numbers, so that there are about as many as asked for, or fewer: 1, 2
    /// or 5 times a power of ten.
    ///
    /// - Parameters:
    ///   - range: length of the axis.
    ///   - labels: how many distances may fit into it.
    /// - Returns: at least 1.
    public static func step(_ range: Int, labels: Int = 10) -> Int {
        var step = 1
        while true {
            for factor in [1, 2, 5] where range <= labels * step * factor { return step * factor }
            step *= 10
        }
    }

    /// The commands for an axis of values of different sizes: logarithmic, from a tic to a tic of 1, 2 and 5 times the
    /// powers of ten; linear from 0 where the largest is less than four times the least, which has too few of those.
    ///
    /// - Parameters:
    ///   - axis: gnuplot's name of it, such as `x`.
    ///   - values: what is drawn; without one above 0 the axis is left to gnuplot.
    public static func logAxis(_ axis: PlotScript, _ values: [Double]) -> PlotScript {
        let positive = values.filter { $0 > 0 && $0.isFinite }
        guard let least = positive.min(), let most = positive.max(), least >= 1e-9, most <= 1e12 else {
            return "set logscale \(axis)"
        }
        if most < 4 * least { return "set \(axis)range [0:\(1.15 * most)]" }
        // Over many decades a tic in each is enough.
        let factors = most > 1e4 * least ? [1.0] : [1.0, 2, 5]
        let all = (-9...13).flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }
        let first = all.lastIndex { $0 <= least / 1.05 } ?? 0
        let last = all.firstIndex { $0 >= most * 1.05 } ?? all.count - 1
        let tics = all[first...last].map {
            "\"\($0, decimals: max(0, Int((-log10($0)).rounded(.up))))\" \($0)" as PlotScript
        }
        return """
            set logscale \(axis)
            set \(axis)range [\(all[first]):\(all[last])]
            set \(axis)tics (\(tics.joined(by: ", ")))
            """
    }

    /// The commands for an axis of whole rounds, with 0.6 of a round of room at each end, or a hundredth of the axis
    /// when that is more. There is never a tic between two rounds.
    ///
    /// - Parameters:
    ///   - rounds: the first and the last.
    ///   - labels: how many distances of tics there may be.
    public static func roundAxis(_ rounds: ClosedRange<Int>, labels: Int = 10) -> PlotScript {
        let (first, last) = (rounds.lowerBound, rounds.upperBound)
        let room = max(0.6, Double(last - first) / 100)
        let step = step(last - first, labels: labels)
        return
            "set xrange [\(Double(first) - room):\(Double(last) + room)]\nset xtics \(step == 1 ? first : 0), \(step)"
    }

    /// The same for the rounds of a log.
    ///
    /// - Parameter rounds: in order; the axis goes from the first to the last.
    static func roundAxis(_ rounds: [RoundRecord]) -> PlotScript {
        let first = rounds.first?.round ?? 1
        return roundAxis(first...max(first, rounds.last?.round ?? first))
    }

    /// Tics at the names of classes, which are cut to 12 characters; nil where they have none, too many, or another
    /// number of them.
    ///
    /// - Parameters:
    ///   - names: in the order of the classes; up to 20 are shown.
    ///   - classes: how many there must be; nil when any number will do.
    /// - Returns: gnuplot's list of labels in parentheses, at 0, 1, 2 and so on.
    static func classTics(_ names: [String], of classes: Int? = nil) -> PlotScript? {
        guard (1...20).contains(names.count), classes ?? names.count == names.count else { return nil }
        let tics = names.enumerated().map { place, name -> PlotScript in
            "\(tic: name.count > 12 ? "\(name.prefix(11))…" : name) \(place)"
        }
        return "(\(tics.joined(by: ", ")))"
    }

    // MARK: Many curves

    /// Curves that one plot can show: of more nobody can tell which is which, and each gets a plot of its own.
    public static let mostCurves = 6

    /// How a curve is drawn: with a point for each value as long as there are at most 50; more would run into each other.
    public static func mark(_ points: Int) -> PlotScript { points <= 50 ? "linespoints pt 7 ps 0.4" : "lines" }

    /// All curves in grey, to stand behind the one that a plot is about.
    ///
    /// - Parameters:
    ///   - curves: blocks of the data.
    ///   - columns: gnuplot's `using`, such as `1:2`.
    public static func background(_ curves: Int, _ columns: PlotScript) -> [PlotScript] {
        (0..<curves).map { "DATA index \($0) using \(columns) with lines lw 0.7 lc rgb \"#d5d5d5\" notitle" }
    }
}
