import Foundation

/// A picture as gnuplot draws it: a script that stands alone beside its data, for whoever wants it in another style.
struct Picture {
    /// `name.png` is drawn by `name.gp` from `name.csv`.
    let name: String
    /// Said under it.
    let caption: String
    let data: String
    let script: String

    /// - Parameters:
    ///   - size: in pixels.
    ///   - body: what the script does after the style is set; `DATA` stands for the data's file name.
    init(_ name: String, caption: String, size: (width: Int, height: Int), data: [String], body: String) {
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
            set grid lc rgb "#e2e2e2" lw 1
            set key textcolor rgb "#222222"
            \(body.replacingOccurrences(of: "DATA", with: "\"\(name).csv\""))
            unset output

            """
    }

    /// A cell of the data.
    static func cell(_ number: Double?) -> String {
        guard let number, number.isFinite else { return "NaN" }
        return "\(number)"
    }

    /// The distance of labels on an axis of whole numbers, so that there are at most about ten.
    static func step(_ range: Int) -> Int {
        var step = 1
        while true {
            for factor in [1, 2, 5] where range <= 10 * step * factor { return step * factor }
            step *= 10
        }
    }
}

/// Colours that colour-blind readers tell apart: P. Tol, *Colour Schemes*, SRON/EPS/TN/09-002, 2021.
enum Colour {
    static let blue = "#4477aa"
    static let red = "#ee6677"
    static let green = "#228833"
    static let yellow = "#ccbb44"
    static let purple = "#aa3377"
    static let grey = "#777777"
}
