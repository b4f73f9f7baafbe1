import ArgumentParser
import Datasets
import FedCore
import Federation
import Foundation

/// `fedmpi partition`.
struct PartitionTable: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "partition",
        abstract: "Print how many samples of each class each client holds, and how skewed that is.")

    @OptionGroup var options: SettingsOptions
    @OptionGroup var configuration: ConfigurationOption

    @Flag(help: "Print a JSON object instead of a table.")
    var json = false

    private struct Table: Encodable {
        let dataset: String
        let partition: String
        let table: [[Int]]
        let skew: LabelSkew
    }

    func run() throws {
        let settings = options.settings(ranks: 1)
        try settings.validate()
        let (data, partition) = try Job.openPartitioned(settings)
        let table = partition.classTable(labels: data.train.labels(), classes: data.train.classes)
        let skew = LabelSkew(classTable: table)
        if json {
            let encoded = try JSONEncoder().encode(
                Table(dataset: settings.dataset, partition: settings.partition, table: table, skew: skew))
            Console.output(String(decoding: encoded, as: UTF8.self))
            return
        }
        let classes = data.train.classes
        let width = max(6, Format.grouped(data.train.count).count)
        func line(_ title: String, _ cells: [String]) {
            Console.output(
                Format.leftAligned(title, to: 8) + cells.map { "  " + Format.padded($0, to: width) }.joined())
        }
        line("client", (0..<classes).map { "\($0)" } + ["total"])
        for (client, row) in table.enumerated() {
            line("\(client)", (row + [row.reduce(0, +)]).map(Format.grouped))
        }
        let totals = (0..<classes).map { column in table.reduce(0) { $0 + $1[column] } }
        line("total", (totals + [totals.reduce(0, +)]).map(Format.grouped))
        Console.output("\nskew      \(skew)")
    }
}
