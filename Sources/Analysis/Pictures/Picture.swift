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
    ///   - size: in pixels.
    ///   - body: what the script does after the style is set; `DATA` stands for the data's file name.
    public init(_ name: String, caption: String, size: (width: Int, height: Int), data: [String], body: String) {
        self.name = name
        self.caption = caption
        self.data = data.joined(separator: "\n") + "\n"
        script = """
            # gnuplot \(name).gp draws \(name).png from \(name).csv.
            reset
            set terminal pngcairo noenhanced size \(size.width),\(size.height) font "sans,13" background "#ffffff"
            set output "\(name).png"
            set datafile separator ","
            set datafile missing "NaN"
            set border 3 lc rgb "#777777"
            set tics nomirror textcolor rgb "#333333"
            set grid lt 1 lc rgb "#e8e8e8" lw 1
            set title offset 0,1.1
            set key at graph 0.5,1.02 bottom center horizontal reverse Left samplen 1.5 width -1 font "sans,12"
            set tmargin 5
            \(body.replacingOccurrences(of: "DATA", with: "\"\(name).csv\""))
            unset output

            """
    }

    /// A cell of the data.
    public static func cell(_ number: Double?) -> String {
        guard let number, number.isFinite else { return "NaN" }
        return "\(number)"
    }

    /// A text as it can stand between a script's quotes.
    public static func quotable(_ text: String) -> String {
        String(text.map { $0 == "\"" || $0 == "\\" || $0 == "`" || $0.isNewline ? "_" : $0 })
    }

    /// Bars at `x`, which goes up by `width`; many of them are drawn as one area, because bars that touch show seams.
    static func bars(
        _ values: String, of data: String = "DATA", count: Int, width: Double = 1, colour: String, title: String
    ) -> String {
        let look = "lc rgb \"\(colour)\""
        let name = title.isEmpty ? "notitle" : "title \"\(title)\""
        guard count > 60 else { return "\(data) using 1:(\(values)):(\(0.7 * width)) with boxes \(look) \(name)" }
        return "\(data) using ($1-\(width / 2)):(\(values)) with fillsteps \(look) \(name), \\\n     "
            + "\(data) every ::\(count - 1) using 1:(\(values)):(\(width)) with boxes \(look) notitle"
    }

    /// The distance of labels on an axis of whole numbers, so that there are about as many as asked for, or fewer.
    static func step(_ range: Int, labels: Int = 10) -> Int {
        var step = 1
        while true {
            for factor in [1, 2, 5] where range <= labels * step * factor { return step * factor }
            step *= 10
        }
    }
}

/// Colours that colour-blind readers tell apart: P. Tol, *Colour Schemes*, SRON/EPS/TN/09-002, 2021.
public enum Colour {
    static let blue = "#4477aa"
    static let red = "#ee6677"
    static let green = "#228833"
    static let yellow = "#ccbb44"
    static let purple = "#aa3377"
    static let grey = "#777777"

    /// For things of one kind, in turn.
    public static let all = [blue, red, green, yellow, "#66ccee", purple, "#bbbbbb"]
}
