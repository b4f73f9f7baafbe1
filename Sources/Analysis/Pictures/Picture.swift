import FedCore
import Foundation

/// A picture as gnuplot draws it: a script that stands alone beside its data, for whoever wants it in another style.
public struct Picture {
    /// `name.png` is drawn by `name.gp` from `name.csv`.
    public let name: String
    /// Said under it.
    public let caption: String
    public let data: String
    public let script: String

    /// - Parameters:
    ///   - name: letters, digits and hyphens of this program's own.
    ///   - size: in pixels.
    ///   - data: lines; what cannot be shown is written out, so that a name is no line of its own.
    ///   - body: what the script does after the style is set; `DATA` is the data's file name there.
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

    /// A cell of the data.
    public static func cell(_ number: Double?) -> String {
        guard let number, number.isFinite else { return "NaN" }
        return "\(number)"
    }

    /// A text as a cell of the data.
    public static func cell(text: String) -> String {
        String(String.UnicodeScalarView(text.printable.unicodeScalars.map { $0 == "," || $0 == "\"" ? "_" : $0 }))
    }

    /// Bars at `x`, which goes up by `width`; many of them are drawn as one area, because bars that touch show seams.
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

    /// The distance of labels on an axis of whole numbers, so that there are about as many as asked for, or fewer.
    static func step(_ range: Int, labels: Int = 10) -> Int {
        var step = 1
        while true {
            for factor in [1, 2, 5] where range <= labels * step * factor { return step * factor }
            step *= 10
        }
    }

    /// Tics at the names of classes; nil where they have none, too many, or another number of them.
    static func classTics(_ names: [String], of classes: Int? = nil) -> PlotScript? {
        guard (1...20).contains(names.count), classes ?? names.count == names.count else { return nil }
        let tics = names.enumerated().map { place, name -> PlotScript in
            "\(tic: name.count > 12 ? "\(name.prefix(11))…" : name) \(place)"
        }
        return "(\(tics.joined(by: ", ")))"
    }
}
