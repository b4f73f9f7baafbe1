import FedCore
import Files
import Foundation
import Recording
import Testing

@testable import Analysis

/// Reports of folders that somebody else has made: their names run nothing, and their links lead nowhere.
@Suite struct ForeignFolderTests {
    private static let gnuplot = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { "\($0)/gnuplot" }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// gnuplot runs what stands between backticks; one with an accent is another character to Swift, but not to gnuplot.
    private static let names = [
        "`\u{301};touch TRACE;`\u{301}", "`touch TRACE`", "'`touch TRACE`'", "'; !touch TRACE #", "\"`touch TRACE`\"",
        "\\\"`touch TRACE`", "'\u{301};system('touch TRACE')", "a\n!touch TRACE\n", "@x", "DATA", "100 %d %s %",
        "{/Bold x",
        "#", "\\", "it''s", "\u{202E}\u{1B}[2J",
    ]

    private func fixture(_ name: String) throws -> RunFolderFixture {
        var sessions = Logs.twoRounds
        for rank in sessions.indices { sessions[rank].header.host = name }
        let log = (1...3).map { Logs.round($0, accuracy: 0.3 * Double($0)) }.joined(separator: ",\n")
        let fixture = try RunFolderFixture(log: "[\(log)]", sessions: sessions, name: name)
        let partition = PartitionFile(table: [[100, 200], [300, 0]], bytesPerSample: 784)
        try Data(partition.contents).write(to: fixture.url.appendingPathComponent(PartitionFile.name))
        try fixture.write("[{\"round\": 1, \"kind\": \"rank_lost\", \"rank\": 1, \"clients\": []}]", "faults.json")
        return fixture
    }

    /// A gnuplot that writes down what its folder holds when it is done.
    private func observed(_ list: URL) throws -> String {
        let folder = list.deletingLastPathComponent().appendingPathComponent("bin", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let script =
            "#!/bin/sh\n\(Self.gnuplot ?? "")  \"$@\"; status=$?; ls -A >\(list.path.shellWord); exit $status\n"
        let file = folder.appendingPathComponent("gnuplot")
        try Data(script.utf8).write(to: file)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        return folder.path
    }

    @Test(.enabled(if: gnuplot != nil, "gnuplot is not installed"), arguments: names)
    func `A name draws its pictures and runs nothing`(name: String) throws {
        let fixture = try fixture(name)
        let report = RunReport(try RecordedRun(in: fixture.url))
        let list = fixture.url.deletingLastPathComponent().appendingPathComponent("list")
        #expect(try report.write(path: observed(list)) == [])
        let expected = report.pictures.flatMap { [".csv", ".gp", ".png", ".svg", ".svg.gp"].map($0.name.appending) }
            .sorted()
        let left = String(decoding: try Data(contentsOf: list), as: UTF8.self).split(separator: "\n").map(String.init)
        #expect(left.sorted() == expected)
        #expect(try !fixture.files.contains("TRACE"))
        for file in ["analysis_report.txt", "report.html", "trace.json"] {
            let text = try fixture.text(file)
            #expect(text.printableLines == text, "\(file)")
        }
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(fixture.text("trace.json").utf8)) }
    }

    /// By gnuplot's own rules, read here without the code that writes the scripts: between single quotes nothing but the quote
    /// itself means anything.
    @Test(arguments: names)
    func `Nothing of a name stands outside single quotes`(name: String) throws {
        let fixture = try fixture(name)
        let report = RunReport(try RecordedRun(in: fixture.url))
        #expect(report.pictures.count == 4 && FileManager.default.fileExists(atPath: fixture.url.path))
        let scripts = report.pictures.flatMap { [($0.name, $0.script), ($0.name, $0.vectorScript)] }
        for (name, script) in scripts {
            var outside = String.UnicodeScalarView()
            var isQuoted = false
            for scalar in script.unicodeScalars {
                if scalar == "'" { isQuoted.toggle() } else if !isQuoted { outside.append(scalar) }
                if scalar == "\n" { #expect(!isQuoted, "a string of \(name).gp does not end in its line") }
            }
            for sign in ["`", "@", "touch", "system"] { #expect(!String(outside).contains(sign), "\(name).gp") }
        }
    }

    @Test func `Nothing is written through a link`() throws {
        let fixture = try fixture("run")
        let outside = fixture.url.deletingLastPathComponent().appendingPathComponent("outside")
        try Data("mine".utf8).write(to: outside)
        let pictures = RunReport(try RecordedRun(in: fixture.url)).pictures.map(\.name)
        let names =
            pictures.flatMap { ["\($0).csv", "\($0).gp", "\($0).png"] }
            + ["analysis_report.txt", "report.html", "trace.json", "efficiency.csv", "byte_matrix.csv"]
        for name in names {
            let link = fixture.url.appendingPathComponent(name).path
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: outside.path)
        }
        _ = try RunReport(RecordedRun(in: fixture.url)).write()
        #expect(try Data(contentsOf: outside) == Data("mine".utf8))
        // What this run has no data for stays as it is.
        let links = names.filter { Folder.isLink(fixture.url.appendingPathComponent($0).path) }
        #expect(links.allSatisfy { $0 == "byte_matrix.csv" || Self.gnuplot == nil && $0.hasSuffix(".png") })
    }

    @Test func `A pipe in the place of a log is no log, and is not waited for`() throws {
        let empty = try RunFolderFixture(log: nil)
        mkfifo(empty.url.appendingPathComponent("round_log.json").path, 0o600)
        #expect(throws: ConfigurationError.self) { try RecordedRun(in: empty.url) }
        let fixture = try fixture("run")
        mkfifo(fixture.url.appendingPathComponent("config.json").path, 0o600)
        try FileManager.default.createSymbolicLink(
            atPath: fixture.url.appendingPathComponent("resumes.json").path, withDestinationPath: "/dev/zero")
        #expect(try RecordedRun(in: fixture.url).resumes == 0)
    }

    @Test func `A label of an axis may have a percent sign`() {
        let script: PlotScript =
            "set ytics (\(tic: "100%\u{301}") 1, \(text: "100%") 2, \(Double.infinity), \(Colour(0xab)))"
        #expect(script.text == "set ytics ('100%%\u{301}' 1, '100%' 2, NaN, \"#0000ab\")")
    }
}
