import Analysis
import ArgumentParser
import FedCore
import Foundation
import Recording

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
        try Self.write(recorded, tables: !quiet, notes: !quiet)
        if !quiet {
            Console.output("\nreport    \(recorded.folder.appendingPathComponent(RunReport.pageName).relativePath)")
        }
    }

    /// Prints the tables of time and bytes, and writes the report.
    /// - Parameters:
    ///   - tables: whether to print them.
    ///   - notes: whether to say what could not be done, such as pictures without gnuplot.
    /// - Throws: `ConfigurationError` when the folder cannot be written to.
    static func write(_ run: RecordedRun, tables: Bool, notes: Bool) throws(ConfigurationError) {
        let report = RunReport(run)
        if tables { for line in report.bannerLines { Console.output(line) } }
        do {
            for note in try report.write() where notes { Console.error("fedmpi: \(note)") }
        } catch {
            throw ConfigurationError(
                "cannot write the report into '\(run.folder.path)': \(OutputTroubles.reason(error))")
        }
    }
}
