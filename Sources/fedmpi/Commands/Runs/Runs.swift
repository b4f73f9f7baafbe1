public import ArgumentParser
import FedCore
import Foundation
import RunStore

/// The command `fedmpi runs`: the history of a results folder, which every run enters unless `--no-history` is
/// given.
///
/// A parent of commands: ``RunList`` (also without a name), ``RunDetails`` and ``RunExport`` read, and may do so while runs are
/// under way; ``TagRun``, ``NoteRun``, ``RenameRun`` and ``DeleteRun`` change what is kept. Only rank 0 runs them.
struct Runs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List, show, label, rename, delete and export runs.",
        discussion: "fedmpi runs --model logistic --sort accuracy --limit 10",
        subcommands: [
            RunList.self, RunDetails.self, RunExport.self, TagRun.self, NoteRun.self, RenameRun.self, DeleteRun.self,
        ],
        defaultSubcommand: RunList.self)
}

/// The option that says which history is read; `compare` has it, too.
struct HistoryOptions: ParsableArguments {
    /// The folder unless told otherwise.
    static let folder = "results"

    /// Results folder, in which the history is a SQLite file.
    @Option(help: "Folder of all runs.")
    var results = HistoryOptions.folder

    /// Opens the history for reading.
    ///
    /// - Throws: `ConfigurationError` when there is none; `RunStoreError` when it cannot be opened.
    func open() throws -> RunStore { try RunStore(results: results) }
}

/// The command `fedmpi runs list`: a line for each run that the filters let through.
///
/// Prints a table, or one JSON object a line. Exit codes: 0, also for no runs; 2 without a history or for bad
/// options.
struct RunList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List runs, the newest first (the default subcommand).")

    @OptionGroup var history: HistoryOptions

    /// Compared letter by letter; nil lets all through.
    @Option(help: "Only runs of this strategy.")
    var strategy: String?

    /// Compared letter by letter; nil lets all through.
    @Option(help: "Only runs of this model.")
    var model: String?

    /// Compared letter by letter; nil lets all through.
    @Option(help: "Only runs on this data set.")
    var dataset: String?

    /// As it is now: a run whose process is gone is interrupted.
    @Option(
        help: "Only runs that are so: \(StoredRun.Status.allCases.map(\.rawValue).joined(separator: ", ")).")
    var status: StoredRun.Status?

    /// Ties stay in the order of the history.
    @Option(help: "The best first: accuracy, bytes (up and down), seconds; or date, the newest first.")
    var sort = RunFilter.Order.date

    /// Most runs to print, ≥ 1; nil prints all.
    @Option(help: "At most so many.")
    var limit: Int?

    /// For programs: dates are in UTC.
    @Flag(help: "Print one JSON object per line instead of a table.")
    var json = false

    /// Refuses a limit below 1.
    func validate() throws {
        if let limit, limit < 1 { throw ConfigurationError("--limit is \(limit); it must be at least 1") }
    }

    /// Asks the history and prints.
    ///
    /// - Throws: `ConfigurationError` without a history; `RunStoreError` when it cannot be read.
    func run() throws {
        var filter = RunFilter()
        filter.strategy = strategy
        filter.model = model
        filter.dataset = dataset
        filter.status = status
        filter.order = sort
        filter.limit = limit
        let runs = try history.open().runs(filter)
        if json {
            for run in runs { Console.output(try RunJSON.text(of: run)) }
            return
        }
        var table = TextTable([
            ("id", .right), ("run", .left), ("status", .left), ("strategy", .left), ("model", .left), ("data", .left),
            ("clients", .right), ("rounds", .right), ("accuracy", .right), ("MB", .right), ("seconds", .right),
            ("started", .left),
        ])
        for run in runs {
            table.add([
                "\(run.id ?? 0)", run.name, run.status.rawValue, run.strategy, run.model, run.dataset,
                Format.grouped(run.clients), RunText.rounds(of: run), Format.percent(run.accuracy),
                Format.fixed(Double(run.uploadBytes + run.downloadBytes) / 1e6, 2), Format.fixed(run.seconds, 2),
                RunText.date(run.startedAt),
            ])
        }
        Console.output(runs.isEmpty ? "no runs" : table.text)
    }
}

/// Texts of a run that several commands print alike: `runs list`, `runs show`, `runs export` and `compare`.
enum RunText {
    /// Finished rounds, with the planned number behind a slash as long as they differ: `7/10`.
    static func rounds(of run: StoredRun) -> String {
        run.rounds == run.plannedRounds ? "\(run.rounds)" : "\(run.rounds)/\(run.plannedRounds)"
    }

    /// Date and time to the second in the local time zone, `2025-03-01 14:05:09`: a person compares it with the
    /// clock on the wall. Files have UTC.
    static func date(_ date: Date) -> String {
        date.formatted(
            Date.ISO8601FormatStyle(timeZone: .current).year().month().day().dateSeparator(.dash)
                .dateTimeSeparator(.space).time(includingFractionalSeconds: false).timeSeparator(.colon))
    }

    /// The settings of a run by the names of their options, without empty lists.
    ///
    /// - Throws: `DecodingError` when they are not the JSON that fedmpi writes.
    static func settings(of run: StoredRun) throws -> [String: String] {
        try JSONDecoder().decode([String: Setting].self, from: Data(run.settings.utf8)).compactMapValues(\.text)
    }

    /// A setting's value as it stands on a command line, decoded from any of the forms that JSON has for it.
    private struct Setting: Decodable {
        /// The text; nil for an empty list.
        let text: String?

        /// Tries list, truth value, number and text in this order. Numbers are read as decimals, so that 0.1
        /// stays `0.1` and a seed of 64 bits keeps all its digits.
        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let list = try? container.decode([String].self) {
                text = list.isEmpty ? nil : list.joined(separator: " ")
            } else if let flag = try? container.decode(Bool.self) {
                text = "\(flag)"
            } else if let number = try? container.decode(Decimal.self) {
                text = "\(number)"
            } else {
                text = try container.decode(String.self)
            }
        }
    }
}

/// Values as JSON in one line, as `--json` of the `runs` commands prints them.
enum RunJSON {
    /// Encodes a value: keys sorted, dates by ISO 8601 in UTC, infinities and NaN as texts, since JSON has no
    /// numbers for them.
    ///
    /// - Throws: `EncodingError` from the value.
    static func text(of value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.dateEncodingStrategy = .iso8601
        encoder.nonConformingFloatEncodingStrategy =
            .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}

extension StoredRun.Status: ExpressibleByArgument {}
extension RunFilter.Order: ExpressibleByArgument {}
