import FedCore

/// One plot of a ``Picture``: what stands around it is measured in pixels of the picture, so that nothing runs into
/// each other, whatever the names are.
public struct Panel {
    /// Said above it, from the left edge of the picture.
    let title: String
    /// Pixels of the plot alone, between its axes.
    let height: Int
    /// Pixels for the labels at its left.
    let left: Int
    /// Pixels for what stands at its right.
    let right: Int
    /// Pixels for the labels and the title of the axis below it.
    let bottom: Int
    /// Names in its key, in the order in which the plots come; none has no key.
    let key: [String]
    /// What the script does when title, key and margins are set: axes, and a `plot` command with the key's titles.
    let body: PlotScript

    /// Describes a plot.
    ///
    /// - Parameters:
    ///   - title: one line; what is too long for the picture is cut, and ends in `…`.
    ///   - height: pixels of the plot alone.
    ///   - left: pixels for the labels at its left; as many in panels under each other have their axes in one line.
    ///   - right: pixels for what stands at its right.
    ///   - bottom: pixels below it; 26 have room for tics alone.
    ///   - key: names of the plots that have a title, in their order.
    ///   - body: the axes and the `plot` command. Its titles are those of the key.
    public init(
        _ title: String, height: Int = 240, left: Int = 74, right: Int = 20, bottom: Int = 60, key: [String] = [],
        body: PlotScript
    ) {
        (self.title, self.height, self.left, self.right, self.bottom) = (title, height, left, right, bottom)
        (self.key, self.body) = (key, body)
    }

    /// A title over several rows, without a plot.
    public static func heading(_ title: String) -> Panel {
        Panel(title, height: 1, bottom: 0, body: blank)
    }

    /// A cell in which nothing is drawn.
    public static var empty: Panel { Panel("", height: 1, bottom: 0, body: blank) }

    /// gnuplot draws the labels of a plot alone, so that there has to be one.
    private static let blank: PlotScript =
        "unset border; unset tics; unset grid\nset xrange [0:1]; set yrange [0:1]\nplot -1 notitle"

    /// Pixels of a line of text.
    static let line = 20
    /// Pixels of a letter, rather more than most have.
    static let letter = 8

    /// Pixels that a text takes at most, cut to so many letters.
    static func width(_ texts: [String], atMost letters: Int) -> Int {
        letter * min(texts.map(\.count).max() ?? 0, letters)
    }

    /// A text that is no longer than so many letters; what is left out is a `…` at its end.
    public static func cut(_ text: String, to letters: Int) -> String {
        text.count > letters ? "\(text.prefix(max(1, letters - 1)))…" : text
    }

    /// Columns of the key in a cell of the picture: as many as fit above the plot, which gnuplot keeps to, all as wide as the widest name.
    private func keyColumns(_ width: Int) -> Int {
        let name = (Self.letter + 1) * (key.map(\.count).max() ?? 0) + 48
        return max(1, min(key.count, (width - left - right) / name))
    }

    /// Lines of the key.
    private func keyLines(_ width: Int) -> Int {
        let columns = keyColumns(width)
        return (key.count + columns - 1) / columns
    }

    /// Pixels above the plot: title and key.
    private func top(_ width: Int) -> Int { 12 + (title.isEmpty ? 0 : 22) + Self.line * keyLines(width) + 4 }

    /// Pixels of the panel with all that is around it.
    func total(_ width: Int) -> Int { top(width) + height + bottom }

    /// The script of the panel in its cell: style, title, key, margins, then its own.
    ///
    /// - Parameters:
    ///   - x: left edge of the cell in pixels.
    ///   - y: upper edge.
    ///   - width: pixels of the cell.
    ///   - canvas: of the whole picture, in pixels.
    func script(x: Int, y: Int, width: Int, canvas: (width: Int, height: Int)) -> PlotScript {
        func across(_ pixels: Int) -> PlotScript { "\(Double(x + pixels) / Double(canvas.width), decimals: 5)" }
        func down(_ pixels: Int) -> PlotScript { "\(1 - Double(y + pixels) / Double(canvas.height), decimals: 5)" }
        let top = top(width)
        let head: PlotScript =
            title.isEmpty
            ? ""
            : """
            set label \(text: Self.cut(title, to: (width - 20) / 7)) at screen \(across(12)), screen \(down(20)) left

            """
        let legend: PlotScript =
            key.isEmpty
            ? "unset key"
            : """
            set key at screen \(across(8)), screen \(down(title.isEmpty ? 4 : 32)) left top horizontal reverse Left \
            maxcols \(keyColumns(width)) samplen 1.5 width 1 noenhanced
            """
        return """
            reset
            set datafile separator ","
            set datafile missing "NaN"
            set border 3 lc rgb "#777777"
            set tics nomirror textcolor rgb "#333333"
            set format "%h"
            set grid lt 1 lc rgb "#e8e8e8" lw 1
            \(head)\(legend)
            set lmargin at screen \(across(left))
            set rmargin at screen \(across(width - right))
            set tmargin at screen \(down(top))
            set bmargin at screen \(down(top + height))
            \(body)
            """
    }
}
