import Analysis
import ArgumentParser
import FedCore
import Files
import Foundation
import Recording

/// The command `fedmpi report`: explains a recorded run by its folder alone.
///
/// It prints the tables of time and bytes, and writes `analysis_report.txt`, `report.html`, pictures with their
/// scripts and data, and, where time was logged, a trace and tables for other programs, all into the run's
/// folder. It reads only what the run has recorded, so it works on another machine, on a run that is under way
/// and on one that was killed.
///
/// A run of `train` or `split-train` ends with the same report (`TrainingRun`), and so do runs of a sweep or a
/// distillation (``SweepFiles``, ``DistillFiles``): all call ``write(_:tables:notes:)``.
///
/// Exit codes: 0, also without gnuplot, when pictures are missing and a note says so; 2 when there is no such run
/// or its folder cannot be written to.
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Explain a run's time and bytes: tables, pictures, a page.",
        discussion: """
            fedmpi report example      of results/example: finished, under way or killed
            """)

    /// Path of the run's folder, or its name in ``results``; a path that is a folder wins.
    @Argument(help: ArgumentHelp("The run's folder, or its name in --results.", valueName: "run"))
    var name: String

    @Option(help: "Folder of all runs.")
    var results = "results"

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    @OptionGroup var json: JSONOption

    /// What `--json` prints.
    private struct Written: Encodable {
        let run: String
        /// The page.
        let report: String
    }

    /// Reads the run, and prints and writes its report. The last line says where the page is.
    ///
    /// - Throws: `ConfigurationError` when there is no such run, or its folder cannot be written to.
    func run() throws {
        let recorded = try RecordedRun(name, results: results)
        try Self.write(recorded, tables: !quiet && !json.isOn, notes: !quiet)
        guard !quiet else { return }
        let page = recorded.folder.appendingPathComponent(RunReport.pageName).relativePath
        try json.print(Written(run: recorded.name, report: page), "\nreport    \(page)")
    }

    /// Prints the tables of time and bytes, and writes the report into the run's folder.
    ///
    /// - Parameters:
    ///   - run: The run, as far as its folder tells it.
    ///   - tables: Whether the tables are printed. A sweep prints none for its runs: its own table compares them.
    ///   - notes: Whether to say on standard error what could not be done, such as pictures without gnuplot.
    /// - Throws: `ConfigurationError` when the folder cannot be written to.
    /// - Complexity: O(events in the timing logs), and one gnuplot process for all pictures.
    static func write(_ run: RecordedRun, tables: Bool, notes: Bool) throws(ConfigurationError) {
        let report = RunReport(run)
        if tables { for line in report.endLines { Console.output(Terminal.fitted(line)) } }
        do throws(FileError) {
            for note in try report.write() where notes { Console.error("fedmpi: \(note)") }
        } catch {
            throw ConfigurationError(
                "cannot write the report into '\(run.folder.path)': \(OutputTroubles.reason(error))")
        }
    }
}
