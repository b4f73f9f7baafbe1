import Analysis
import ArgumentParser
import FedCore
import Foundation
import Testing

@testable import Experiments
@testable import Federation
@testable import Records
@testable import RunStore
@testable import fedmpi

/// Names that others chose, in what the commands write and print.
@Suite struct ForeignTextTests {
    @Test func `The demonstration's commands can be pasted`() {
        let step = DemoStep(title: "", reason: "", ranks: 2, arguments: ["report", "results/a b; rm -r x"])
        #expect(step.commandLine == "mpirun -np 2 fedmpi report 'results/a b; rm -r x'")
    }

    @Test func `A text in Markdown means itself`() {
        #expect(
            Markdown.text("<img src=x> a|b `c` *d* [e](f) #\u{1B} &lt; g_h\\")
                == "&lt;img src=x> a\\|b \\`c\\` \\*d\\* \\[e\\](f) \\#\\\\u{1b} &amp;lt; g_h\\\\")
    }

    /// By gnuplot's own rules.
    private func isQuoted(_ sign: String, in picture: Picture) -> Bool {
        let parts = picture.script.components(separatedBy: "'")
        return !parts.enumerated().contains { $0.offset % 2 == 0 && $0.element.contains(sign) }
    }

    @Test func `A sweep's cases and name stand in its picture as texts, and in its data as one line`() throws {
        let curve = RunCurve([
            RunCurve.Round(round: 1, accuracy: 0.5, uploadBytes: 0, seconds: 1, simulatedSeconds: nil)
        ])
        let name = "it's `\u{301}touch X`\u{301}\n1,2,3"
        let table = SweepTable(
            [(coordinates: [(name: "case", value: name)], curve: curve)], target: nil, columns: nil)
        let picture = try #require(table.picture(title: name))
        #expect(isQuoted("touch", in: picture) && isQuoted("`", in: picture))
        #expect(!picture.data.split(separator: "\n").contains("1,2,3"))
    }

    @Test func `What a spreadsheet would compute is a text in a sweep's table`() {
        let table = SweepTable(
            [(coordinates: [(name: "case", value: "=1+cmd|'/c calc'!A0")], curve: nil)], target: nil, columns: nil)
        #expect(table.csv.contains("\n'=1+cmd|'/c calc'!A0,1,0,"))
    }

    @Test func `A run's folder that is a link is no place for a sweep to go on`() throws {
        let results = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(
            at: results.appendingPathComponent("elsewhere"), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: results.appendingPathComponent("run"), withDestinationURL: results.appendingPathComponent("elsewhere"))
        let run = SweepRun(
            index: 0, settings: RunSettings(), outputs: RunOutputs.Choice(results: results.path, name: "run"),
            name: "run", isTimed: false)
        let error = #expect(throws: ConfigurationError.self) { try run.progress(renamedBy: "--sweep-name") }
        #expect(try #require(error).description.contains("it is a symbolic link"))
    }

    @Test func `A history that is a link is refused, and what it names stays as it is`() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let other = folder.appendingPathComponent("other.sqlite")
        try Data().write(to: other)
        let link = folder.appendingPathComponent(RunStore.fileName)
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: other)
        #expect(throws: RunStoreError.self) { try RunStore(at: link) }
        #expect(try Data(contentsOf: other).isEmpty)
    }

    @Test func `A file that a command is to write may be a device, and is never replaced by a file`() throws {
        try OutputFile("/dev/null", OverwriteOption.parse([])).write([1, 2, 3])
        var status = stat()
        #expect(stat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    }

    @Test func `A table keeps its lines, whatever its cells hold`() {
        var table = TextTable([("run", .left), ("n", .right)])
        table.add(["x\n\u{1B}[2J", "1"])
        #expect(table.text == "run              n\nx\\u{a}\\u{1b}[2J  1")
    }
}
