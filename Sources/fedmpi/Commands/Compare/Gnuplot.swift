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
    ///   - body: what the script does after the style is set.
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
            \(body)
            unset output

            """
    }

    /// A cell of the data.
    static func cell(_ number: Double?) -> String {
        guard let number, number.isFinite else { return "NaN" }
        return "\(number)"
    }

    /// A text as it can stand between a script's quotes.
    static func quotable(_ text: String) -> String {
        String(text.map { $0 == "\"" || $0 == "\\" || $0 == "`" || $0.isNewline ? "_" : $0 })
    }
}

/// Colours that colour-blind readers tell apart: P. Tol, *Colour Schemes*, SRON/EPS/TN/09-002, 2021.
enum Colour {
    static let all = ["#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#bbbbbb"]
}

/// Draws pictures by one gnuplot process.
enum Gnuplot {
    enum Outcome: Equatable {
        case drawn
        /// There is no gnuplot.
        case missing
        /// It said this.
        case failed(String)
    }

    /// What to say where gnuplot is missing.
    static let advice = "no picture: gnuplot is missing; apt-get install gnuplot-nox"

    /// Writes scripts and data into the folder, and draws.
    /// - Parameter path: the folders to look for gnuplot in, as in `PATH`.
    static func draw(
        _ pictures: [Picture], in folder: URL, path: String? = ProcessInfo.processInfo.environment["PATH"]
    ) throws -> Outcome {
        for picture in pictures {
            try Data(picture.data.utf8).write(to: folder.appendingPathComponent("\(picture.name).csv"))
            try Data(picture.script.utf8).write(to: folder.appendingPathComponent("\(picture.name).gp"))
        }
        guard let gnuplot = find(path) else { return .missing }
        let process = Process()
        process.executableURL = gnuplot
        process.arguments = ["--default-settings"] + pictures.map { "\($0.name).gp" }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        let errors = Pipe()
        process.standardError = errors
        try process.run()
        let said = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let lines = String(decoding: said, as: UTF8.self).split(separator: "\n")
            return .failed(lines.last.map(String.init) ?? "exit code \(process.terminationStatus)")
        }
        return .drawn
    }

    private static func find(_ path: String?) -> URL? {
        (path ?? "").split(separator: ":").map { URL(fileURLWithPath: String($0)).appendingPathComponent("gnuplot") }
            .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
}
