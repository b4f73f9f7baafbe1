import ArgumentParser
import Datasets
import FedCore
import Federation
import Foundation
import Records

/// The command `fedmpi partition`: shows how the training samples would be dealt out to the clients, without
/// training.
///
/// It takes the options of `fedmpi train`, opens the data and deals them out exactly as a run with these settings
/// and this seed does, then prints a row of counts for each client and the skew of the labels. That is the
/// quickest way to see what `--partition dirichlet --alpha 0.1` means before hours of training are spent on it.
///
/// Only rank 0 runs it. It prints a table, or one JSON object with `--json`; warnings about the data go to
/// standard error. Nothing is written. Exit codes: 0; 2 for settings or data that do not work.
struct PartitionTable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partition",
        abstract: "Show what data each client would hold, and how skewed.")

    /// The settings of a run. Those that concern neither data nor partition are checked and have no effect.
    /// Without `--clients` there are as many clients as in a run of one process, not as in one under `mpirun`.
    @OptionGroup var options: SettingsOptions<RunScope>

    @Flag(help: "Print a JSON object instead of a table.")
    var json = false

    /// The object that `--json` prints, in one line.
    private struct Table: Encodable {
        /// Name of the data set, as on the command line.
        let dataset: String
        /// Name of the partition rule.
        let partition: String
        /// Names of the table's columns.
        let classes: [String]
        /// Names of the clients, one for each; nil where they have none.
        let clients: [String]?
        /// Counts of samples, `[clients][classes]`.
        let table: [[Int]]
        /// How far the clients' label distributions are from that of all samples.
        let skew: LabelSkew
    }

    /// Opens the data, deals them out, and prints the counts.
    ///
    /// - Throws: `ConfigurationError` for settings that cannot be; `DatasetError` when the data cannot be read.
    /// - Complexity: O(samples) time; one table of `[clients][classes]` counts.
    func run() throws {
        var settings = options.settings(ranks: 1)
        try FleetFile.resolve(&settings, options.choices.given)
        try settings.validate()
        var (data, partition) = try Job.openPartitioned(settings)
        if let text = settings.normalize { data = data.normalized(by: try Normalization(text, for: data.train)) }
        let table = partition.classTable(labels: data.train.labels(), classes: data.train.classes)
        let skew = LabelSkew(classTable: table)
        let names = data.train.classNames
        DataLines.warn(of: data)
        if json {
            let encoded = try JSONEncoder().encode(
                Table(
                    dataset: settings.dataset, partition: settings.partition, classes: names,
                    clients: partition.names.isEmpty ? nil : partition.names, table: table, skew: skew))
            Console.output(String(decoding: encoded, as: UTF8.self))
            return
        }
        for note in data.notes where !note.isWarning { Console.output(Terminal.fitted("read      \(note.text)")) }
        var text = TextTable([("client", .left)] + (names + ["total"]).map { ($0, .right) })
        for (client, row) in table.enumerated() {
            let name = partition.names.isEmpty ? "" : " \(partition.names[client])"
            text.add(["\(client)\(name)"] + (row + [row.reduce(0, +)]).map(Format.grouped))
        }
        let totals = names.indices.map { column in table.reduce(0) { $0 + $1[column] } }
        text.add(["total"] + (totals + [totals.reduce(0, +)]).map(Format.grouped))
        Console.output(text.text)
        Console.output(Terminal.fitted("\nskew      \(skew)"))
    }
}
