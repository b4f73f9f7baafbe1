public import ArgumentParser
import FedCore
import Foundation
import RunStore

/// `fedmpi runs`: the history of a results folder.
struct Runs: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List the runs of a results folder, show one, or export them.",
        discussion: "fedmpi runs --model logistic --sort accuracy --limit 10",
        subcommands: [RunList.self, RunDetails.self, RunExport.self],
        defaultSubcommand: RunList.self)
}

/// Where the history is.
struct HistoryOptions: ParsableArguments {
    @Option(help: "Folder of all runs.")
    var results = "results"

    /// - Throws: `ConfigurationError` when there is none.
    func open() throws -> RunStore { try RunStore(results: results) }
}

/// `fedmpi runs list`.
struct RunList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List runs, the newest first (the default subcommand).")

    @OptionGroup var history: HistoryOptions

    @Option(help: "Only runs of this strategy.")
    var strategy: String?

    @Option(help: "Only runs of this model.")
    var model: String?

    @Option(help: "Only runs on this data set.")
    var dataset: String?

    @Option(
        help: "Only runs that are so: \(StoredRun.Status.allCases.map(\.rawValue).joined(separator: ", ")).")
    var status: StoredRun.Status?

    @Option(help: "The best first: accuracy, bytes (up and down), seconds; or date, the newest first.")
    var sort = RunFilter.Order.date

    @Option(help: "At most so many.")
    var limit: Int?

    @Flag(help: "Print one JSON object per line instead of a table.")
    var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ConfigurationError("--limit is \(limit); it must be at least 1") }
    }

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

/// What several commands say of a run.
enum RunText {
    static func rounds(of run: StoredRun) -> String {
        run.rounds == run.plannedRounds ? "\(run.rounds)" : "\(run.rounds)/\(run.plannedRounds)"
    }

    /// In the local time zone.
    static func date(_ date: Date) -> String {
        date.formatted(
            Date.ISO8601FormatStyle(timeZone: .current).year().month().day().dateSeparator(.dash)
                .dateTimeSeparator(.space).time(includingFractionalSeconds: false).timeSeparator(.colon))
    }

    /// The settings by the names of their options, but for lists that are empty.
    static func settings(of run: StoredRun) throws -> [String: String] {
        try JSONDecoder().decode([String: Setting].self, from: Data(run.settings.utf8)).compactMapValues(\.text)
    }

    /// A setting's value as it stands on a command line.
    private struct Setting: Decodable {
        /// Nil of an empty list.
        let text: String?

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

/// Values as JSON, in one line.
enum RunJSON {
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
