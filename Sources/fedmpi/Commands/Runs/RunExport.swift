import ArgumentParser
import FedCore
import Federation
import Foundation
import RunStore

/// The command `fedmpi runs export`: the history as one table for other programs.
///
/// A line a run, or with ``rounds`` a line a round of all runs. Numbers are written in full, not rounded as in
/// tables for people. Exit codes: 0; 2 without a history, and for a file that cannot be
/// written.
struct RunExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write all runs, or all rounds of all runs, as a table for other programs.")

    @OptionGroup var history: HistoryOptions

    /// Says what is done anyway, for whoever wants it written down.
    @Flag(help: "Comma-separated values (RFC 4180): the default, and the only format so far.")
    var csv = false

    @Flag(help: "A line per round instead of a line per run.")
    var rounds = false

    /// Path of the file; nil writes to standard output.
    @Argument(help: "The file to write. (default: standard output)")
    var file: String?

    @OptionGroup var overwrite: OverwriteOption

    /// Reads the history and writes the table, the oldest run first.
    ///
    /// - Throws: `ConfigurationError` for a place that cannot be written to, or without a history;
    ///   `RunStoreError`.
    /// - Complexity: The whole table is in memory.
    func run() throws {
        let output = try file.map { try OutputFile($0, overwrite) }
        let store = try history.open()
        let rows = try rounds ? store.roundTable() : lines(of: store.runs().reversed())
        let text = rows.map { CSVLine.text($0.map { $0 ?? "" }) + "\n" }.joined()
        guard let output else { return Console.output(text, terminator: "") }
        try output.write(Array(text.utf8))
    }

    /// The table of runs, a line of titles first.
    ///
    /// Columns of the run come before its settings. Runs of different versions have different settings: a column
    /// is there for each name that any of them has, and is empty where a run has none.
    ///
    /// - Parameter runs: The runs, the oldest first.
    /// - Returns: Rows of cells; nil is an empty cell.
    /// - Throws: `DecodingError` when the settings of a run are not the JSON that fedmpi writes.
    private func lines(of runs: [StoredRun]) throws -> [[String?]] {
        let settings = try runs.map { try RunText.settings(of: $0) }
        // The columns of the run come first; a setting that is one of them is not repeated.
        let columns = [
            "id", "name", "status", "reason", "started_at", "finished_at", "resumes", "version", "host", "hosts",
            "ranks", "parameters", "training_samples", "test_samples", "finished_rounds", "accuracy", "best_accuracy",
            "loss", "upload_bytes", "download_bytes", "run_seconds", "digest",
        ]
        let names = Set(settings.flatMap(\.keys)).sorted()
        let lines = zip(runs, settings).map { run, settings in
            let cells: [String?] = [
                run.id.map { "\($0)" }, run.name, run.status.rawValue, run.reason, run.startedAt.formatted(.iso8601),
                run.finishedAt?.formatted(.iso8601), "\(run.resumes)", run.version, run.host, "\(run.hosts)",
                "\(run.ranks)", "\(run.parameters)", "\(run.trainingSamples)", "\(run.testSamples)", "\(run.rounds)",
                run.accuracy.map { "\($0)" }, run.bestAccuracy.map { "\($0)" }, run.loss.map { "\($0)" },
                "\(run.uploadBytes)", "\(run.downloadBytes)", "\(run.seconds)", run.digest,
            ]
            return cells + names.map { settings[$0] }
        }
        return [columns + names] + lines
    }
}
