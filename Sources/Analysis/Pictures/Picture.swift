import FedCore
import Foundation

/// A picture as gnuplot draws it: a script that stands alone beside its data, for whoever wants it in another style.
public struct Picture {
    /// `name.png` is drawn by `name.gp` from `name.csv`.
    public let name: String
    /// Said under it: what it shows, in full sentences.
    public let caption: String
    /// Contents of the `.csv` file: lines of cells with commas; those that begin with `#` are comments, and two empty
    /// lines separate blocks, which gnuplot calls `index 0`, `index 1` and so on.
    public let data: String
    /// Contents of the `.gp` file.
    public let script: String

    /// Makes a picture; nothing is written or drawn.
    ///
    /// - Parameters:
    ///   - name: lower-case letters, digits, hyphens and underscores of this program's own.
    ///   - caption: said under it.
    ///   - size: in pixels.
    ///   - data: lines; what cannot be shown is written out, so that a name is no line of its own.
    ///   - body: what the script does after the style is set; `DATA` is the data's file name there.
    /// - Precondition: the name has no other characters.
    public init(_ name: String, caption: String, size: (width: Int, height: Int), data: [String], body: PlotScript) {
        precondition(
            name.utf8.allSatisfy {
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) || "0123456789-_".utf8.contains($0)
            },
            "a picture's name stands in a script and in file names")
        self.name = name
        self.caption = caption
        self.data = data.map(\.printable).joined(separator: "\n") + "\n"
        let script: PlotScript = """
            reset
            set encoding utf8
            set terminal pngcairo noenhanced size \(size.width),\(size.height) font "sans,13" background "#ffffff"
            set output \(text: "\(name).png")
            DATA = \(text: "\(name).csv")
            set datafile separator ","
            set datafile missing "NaN"
            set border 3 lc rgb "#777777"
            set tics nomirror textcolor rgb "#333333"
            set grid lt 1 lc rgb "#e8e8e8" lw 1
            set title offset 0,1.1
            set key noenhanced at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
            set tmargin 5
            \(body)
            unset output

            """
        self.script = "# gnuplot \(name).gp draws \(name).png from \(name).csv.\n" + script.text
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
    static func step(_ range: Int, labels: Int = 10) -> Int {
        var step = 1
        while true {
            for factor in [1, 2, 5] where range <= labels * step * factor { return step * factor }
            step *= 10
        }
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
}
