import Foundation

/// Draws pictures by one gnuplot process.
public enum Gnuplot {
    public enum Outcome: Equatable {
        case drawn
        /// There is no gnuplot.
        case missing
        /// It said this.
        case failed(String)
    }

    /// What to say where gnuplot is missing.
    public static let advice = "no pictures: gnuplot is missing; apt-get install gnuplot-nox"

    /// Writes scripts and data into the folder, and draws.
    /// - Parameter path: the folders to look for gnuplot in, as in `PATH`.
    public static func draw(
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
