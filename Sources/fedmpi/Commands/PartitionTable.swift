import ArgumentParser
import Datasets
import FedCore
import Federation
import Foundation
import Records

/// `fedmpi partition`.
struct PartitionTable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partition",
        abstract: "Print how many samples of each class each client holds, and how skewed that is.")

    @OptionGroup var options: SettingsOptions<RunScope>

    @Flag(help: "Print a JSON object instead of a table.")
    var json = false

    private struct Table: Encodable {
        let dataset: String
        let partition: String
        /// Names of the table's columns.
        let classes: [String]
        let table: [[Int]]
        let skew: LabelSkew
    }

    func run() throws {
        let settings = options.settings(ranks: 1)
        try settings.validate()
        let (data, partition) = try Job.openPartitioned(settings)
        let table = partition.classTable(labels: data.train.labels(), classes: data.train.classes)
        let skew = LabelSkew(classTable: table)
        let names = data.train.classNames
        DataLines.warn(of: data)
        if json {
            let encoded = try JSONEncoder().encode(
                Table(
                    dataset: settings.dataset, partition: settings.partition, classes: names, table: table, skew: skew))
            Console.output(String(decoding: encoded, as: UTF8.self))
            return
        }
        for note in data.notes where !note.isWarning { Console.output("read      \(note.text)") }
        let titles = names + ["total"]
        let least = max(6, Format.grouped(data.train.count).count)
        let widths = titles.map { max(least, $0.count) }
        func line(_ title: String, _ cells: [String]) {
            Console.output(
                Format.leftAligned(title, to: 8)
                    + zip(cells, widths).map { "  " + Format.padded($0, to: $1) }.joined())
        }
        line("client", titles)
        for (client, row) in table.enumerated() {
            line("\(client)", (row + [row.reduce(0, +)]).map(Format.grouped))
        }
        let totals = names.indices.map { column in table.reduce(0) { $0 + $1[column] } }
        line("total", (totals + [totals.reduce(0, +)]).map(Format.grouped))
        Console.output("\nskew      \(skew)")
    }
}
