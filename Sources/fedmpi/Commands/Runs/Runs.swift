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

    /// Its name, or that of another folder of runs.
    @Option(help: "Only runs of this sweep.")
    var sweep: String?

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
        filter.sweep = sweep
        filter.status = status
        filter.order = sort
        filter.limit = limit
        let runs = try history.open().runs(filter)
        if json {
            for run in runs { Console.output(try RunJSON.text(of: run)) }
            return
        }
        Console.output(runs.isEmpty ? "no runs" : Self.table(of: runs, by: sort, width: Terminal.tableWidth))
    }

    /// Characters of a name that other columns make room for.
    private static let roomForName = 42

    /// A row for each run. Where that is too wide, what is the same of all runs is said once, below, and if that does not
    /// suffice it goes without what does least to tell runs apart; `runs show` has it.
    ///
    /// - Parameters:
    ///   - runs: one at least.
    ///   - order: what they are in the order of, which is said where its column is not shown.
    ///   - width: characters of a line at most.
    static func table(of runs: [StoredRun], by order: RunFilter.Order = .date, width: Int) -> String {
        typealias Column = (title: String, isLeft: Bool, isSaidOnce: Bool, text: (StoredRun) -> String)
        let columns: [Column] = [
            ("id", false, false, { "\($0.id ?? 0)" }), ("run", true, false, { $0.name }),
            ("status", true, runs.count > 1, { $0.status.rawValue }), ("strategy", true, true, { $0.strategy }),
            ("model", true, true, { $0.model }), ("data", true, true, { $0.dataset }),
            ("clients", false, true, { Format.grouped($0.clients) }), ("rounds", false, false, RunText.rounds),
            ("accuracy", false, false, { Format.percent($0.accuracy) }),
            ("MB", false, false, { Format.fixed(Double($0.uploadBytes + $0.downloadBytes) / 1e6, 2) }),
            ("seconds", false, false, { Format.fixed($0.seconds, 2) }),
            ("started", false, false, { RunText.minute($0.startedAt) }),
        ]
        func layout(_ shown: [Column]) -> TableLayout {
            TableLayout(
                titles: shown.map(\.title), isLeft: shown.map(\.isLeft),
                rows: runs.map { run in shown.map { $0.text(run).printable } })
        }
        let whole = layout(columns).lines(width: nil)
        guard whole.contains(where: { $0.count > width }) else { return whole.joined(separator: "\n") }
        let same = columns.filter { column in
            column.isSaidOnce && runs.dropFirst().allSatisfy { column.text($0) == column.text(runs[0]) }
        }
        var shown = columns.filter { column in !same.contains { $0.title == column.title } }
        var left: [String] = []
        for title in ["started", "data", "model", "clients", "seconds", "strategy"]
        where shown.contains(where: { $0.title == title }) && !layout(shown).fits(width, name: Self.roomForName) {
            shown.removeAll { $0.title == title }
            left.append(title)
        }
        // Kept together where lines are broken.
        let below = same.map { "\($0.title)\u{A0}\($0.text(runs[0]).printable)" }.joined(separator: ", ")
        var said = same.isEmpty ? [] : [runs.count > 1 ? "all: \(below)" : below]
        if order == .date, runs.count > 1, left.contains("started") { said.append("the newest first") }
        if order == .seconds, runs.count > 1, left.contains("seconds") { said.append("the shortest first") }
        if !left.isEmpty {
            said.append("not shown, the lines being too short: \(left.joined(separator: ", ")) (fedmpi runs show ID)")
        }
        said = said.flatMap { TableLayout.broken($0, to: width) }
        return (layout(shown).lines(width: width) + (said.isEmpty ? [] : [""]) + said).joined(separator: "\n")
    }
}

/// Texts of a run that several commands print alike: `runs list`, `runs show`, `runs export` and `compare`.
enum RunText {
    /// Finished rounds, with the planned number behind a slash as long as they differ: `7/10`.
    static func rounds(of run: StoredRun) -> String {
        run.rounds == run.plannedRounds ? "\(run.rounds)" : "\(run.rounds)/\(run.plannedRounds)"
    }

    /// Date and time to the minute, for tables.
    static func minute(_ date: Date) -> String { String(Self.date(date).prefix(16)) }

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
