import Analysis
import FedCore
import Foundation

/// Names on their way into a gnuplot script, which runs what stands between backticks.
///
/// Every input is read back from its script by gnuplot's rules for quotes; a few hundred are drawn by gnuplot itself, in a folder
/// in which a command that was run would have left a file.
final class PictureTarget: FuzzTarget {
    let name = "pictures"
    let seeds: [[UInt8]]
    let dictionary = [
        "`touch TRACE`", "$(touch TRACE)", "`\u{301}", ";touch TRACE;", "'", "''", "\"", "\\", "\n", "\n!touch TRACE\n",
        "@x",
        "system('touch TRACE')", "%s", "%d %", "{/Bold ", "^", "_", "DATA", "#", "\u{1B}[2J", "\u{202E}", "\u{2028}",
        "\u{0}", "$1",
        "load '|touch TRACE'", "'; !touch TRACE #",
    ]
    private let folder: String
    /// Nil where there is none.
    private let gnuplot: String?
    private var pending: [String] = []
    private var drawn = 0

    /// Names in a picture, and pictures in all: a process costs as much as ten thousand inputs.
    private static let batch = 64
    private static let most = 8

    init(_ scratch: ScratchFolder) throws {
        folder = try scratch.folder("pictures")
        seeds = ["run-1", "a`\u{301};touch TRACE;`\u{301}b", "it's 100 % \"DATA\""].map { Array($0.utf8) }
        gnuplot = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map { "\($0)/gnuplot" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
        if gnuplot == nil { report("gnuplot is missing: no picture is drawn") }
    }

    func decode(_ input: [UInt8], madeFrom seed: Int) throws -> Outcome {
        let name = String(decoding: input, as: UTF8.self)
        try check(name)
        pending.append(name)
        // The first few at once, so that one input alone can be repeated.
        if drawn < Self.most, pending.count >= (drawn <= seeds.count ? 1 : Self.batch) { try draw() }
        if drawn >= Self.most { pending = [] }
        return input == seeds[seed] ? .equal : .different
    }

    /// Reads the name back.
    private func check(_ name: String) throws {
        let script: PlotScript = "set title \(text: name) font 'x'"
        let rest = Array(script.text.unicodeScalars.dropFirst("set title '".unicodeScalars.count))
        var read = String.UnicodeScalarView()
        var i = 0
        while i < rest.count, rest[i] != "'" {
            read.append(rest[i])
            i += 1
        }
        var end = String.UnicodeScalarView()
        end.append(contentsOf: rest[min(i, rest.count)...])
        let shown = name.printable.unicodeScalars.map { $0 == "'" ? "\u{2019}" : $0 }
        try Violation.require(Array(read) == shown, "the script says another name")
        try Violation.require(String(end) == "' font 'x'", "the name does not end where its quotes do")
        try Violation.require(script.text.firstUnprintable == nil, "the script has what cannot be shown")
    }

    private func draw() throws {
        guard let gnuplot else {
            pending = []
            return
        }
        let names = pending
        pending = []
        drawn += 1
        let labels = names.enumerated().map { i, name -> PlotScript in
            "set label \(text: name) at graph 0.1, graph \(Double(i) / Double(names.count))"
        }
        let tics = names.enumerated().map { i, name -> PlotScript in "\(tic: name) \(i)" }
        let first = names.first ?? ""
        let picture = Picture(
            "names", caption: "", data: ["# \(first)", "1,\(Picture.cell(text: first))", "2,3"],
            panel: Panel(
                first, key: [first],
                body: """
                    set title \(text: first)
                    set xlabel \(text: first)
                    set ytics (\(tics.joined(by: ", ")))
                    \(labels.joined())
                    plot DATA using 1:1 with lines title \(text: first)
                    """))
        try ScratchFolder.write(Array(picture.script.utf8), to: folder + "/names.gp")
        try ScratchFolder.write(Array(picture.data.utf8), to: folder + "/names.csv")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: gnuplot)
        process.arguments = ["--default-settings", "names.gp"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        guard process.terminationStatus == 0, files == ["names.csv", "names.gp", "names.png"] else {
            throw Violation("gnuplot ended with \(process.terminationStatus) and left \(files) of the names \(names)")
        }
    }
}
