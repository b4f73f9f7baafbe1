import Foundation
import Testing

/// What is done again on data that have changed meanwhile must not pass for the same.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct ChangedDataTests {
    private let folder: Folder
    private let arguments: [String]

    init() throws {
        folder = try Folder()
        let rows = (0..<60).map { "\($0 % 7),\($0 % 5),\($0 % 3 == 0 ? "a" : "b")" }
        let table = try folder.write("x,y,kind\n" + rows.joined(separator: "\n") + "\n", to: "table.csv")
        arguments = [
            "--dataset", "csv:\(table)", "--dataset-options", "label=kind", "--model", "linear 4, relu, linear",
            "--clients", "2", "--rounds", "2",
        ]
    }

    private func change() throws {
        let file = folder.url.appendingPathComponent("table.csv")
        let text = try String(contentsOf: file, encoding: .utf8)
        try Data(text.replacing("6,1,b", with: "6,9,a").utf8).write(to: file)
    }

    private func run(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run(
            ranks: nil, arguments + ["--results", folder.path], environment: ["FEDMPI_CACHE": "\(folder.path)/cache"])
    }

    @Test func `A run that is repeated says whether its weights came again, and that its data have changed`() throws {
        #expect(try run(arguments + ["--run-name", "first"]).status == 0)
        let repetition = ["--config", "\(folder.path)/first/config.json", "--run-name"]
        let same = try run(repetition + ["same"])
        #expect(same.status == 0 && same.output.contains("repeats   \(folder.path)/first, with the same weights"))
        #expect(same.errors.isEmpty)
        try change()
        let other = try run(repetition + ["other"])
        #expect(other.status == 0 && other.output.contains("first, with other weights"), "\(other.output)")
        #expect(other.errorLines.count == 1 && other.errors.contains("they have changed since"), "\(other.errors)")
        // Another seed holds out other rows: nothing has changed then.
        let seeded = try run(repetition + ["seeded", "--seed", "7"])
        #expect(seeded.errors.isEmpty && seeded.output.contains("first, with another seed"), "\(seeded.errors)")
        // Nor are they compared as if nothing but chance lay between them.
        let compared = try run(["compare", "first", "other"])
        #expect(compared.status == 0 && compared.output.contains("data, SHA-256"), "\(compared.output)")
    }

    @Test func `A sweep does not go on with other data`() throws {
        let file = try folder.write(
            """
            base: {dataset: "csv:\(folder.path)/table.csv", dataset-options: {label: kind}, rounds: 2, clients: 2,
                   model: "linear 4, relu, linear"}
            grid: {lr: [0.1, 0.2], seed: [1, 2]}
            """, to: "grid.yaml")
        #expect(try run(["sweep", file, "--quiet"]).status == 0)
        let again = try run(["sweep", file, "--quiet"])
        #expect(again.status == 0 && again.errors.isEmpty, "\(again.errors)")
        try change()
        let refused = try run(["sweep", file, "--quiet"])
        #expect(refused.status == 2 && refused.errorLines.count == 1)
        #expect(refused.errors.contains("they have changed since"), "\(refused.errors)")
    }
}
