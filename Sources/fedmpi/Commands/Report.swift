import Analysis
import ArgumentParser
import FedCore
import Foundation

/// `fedmpi report`.
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explain a run's time and bytes: texts, tables, pictures, a trace, in the run's folder.",
        discussion: """
            fedmpi report example      reads results/example, whether the run is finished, under way or was killed
            """)

    @Argument(help: ArgumentHelp("The run's folder, or its name in --results.", valueName: "run"))
    var name: String

    @Option(help: "Folder of all runs.")
    var results = "results"

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    func run() throws {
        let recorded = try RecordedRun(name, results: results)
        try Self.write(recorded, printing: !quiet)
        if !quiet { Console.output("report    \(recorded.folder.appendingPathComponent(RunReport.pageName).relativePath)") }
    }

    /// - Throws: `ConfigurationError` when the folder cannot be written to.
    static func write(_ run: RecordedRun, printing: Bool) throws {
        let report = RunReport(run)
        if printing {
            for line in report.bannerLines.drop(while: \.isEmpty) { Console.output(line) }
            if !report.bannerLines.isEmpty { Console.output("") }
        }
        do {
            for note in try report.write() { Console.error("fedmpi: \(note)") }
        } catch {
            throw ConfigurationError("cannot write the report into '\(run.folder.path)': \(error.localizedDescription)")
        }
    }
}
