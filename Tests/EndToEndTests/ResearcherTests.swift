import Foundation
import Testing

/// The way of somebody with a table: a mistake that says what to add, a model, new rows, a sweep, a comparison.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct ResearcherTests {
    private let folder: Folder
    private let table: String

    init() throws {
        folder = try Folder()
        // Two kinds that a threshold on the length tells apart.
        let rows = (0..<120).map {
            "\($0 % 2 == 0 ? 1 : 5).\($0 % 10),\($0 % 7),site \($0 % 3),\($0 % 2 == 0 ? "short" : "long")"
        }
        table = try folder.write((["length,width,site,kind"] + rows).joined(separator: "\n"), to: "things.csv")
    }

    private func run(_ arguments: [String], status: Int32 = 0) throws -> Program.Outcome {
        let outcome = try Program.run(
            ranks: nil, arguments, environment: ["FEDMPI_CACHE": "\(folder.path)/cache"])
        #expect(outcome.status == status, "\(arguments): \(outcome.output)\(outcome.errors)")
        return outcome
    }

    private var data: [String] { ["--dataset", "csv:\(table)", "--dataset-options", "label=kind,ignore=site"] }

    private func train(_ name: String, _ more: [String] = []) throws -> Program.Outcome {
        try run(
            data + [
                "--model", "linear 8, relu, linear", "--normalize", "channels", "--clients", "3", "--rounds", "5",
                "--lr",
                "0.1", "--batch-size", "8", "--alpha", "100", "--results", folder.path, "--run-name", name,
            ] + more)
    }

    @Test func `New rows are predicted, with labels and without, and it is said which`() throws {
        let trained = try train("things", ["--no-report"])
        #expect(!trained.output.contains("MPI"))
        let model = folder.path + "/things"
        // Far from the threshold on either side.
        let new = try folder.write("length,width\n1.1,3\n5.5,3\n1.2,3\n", to: "new.csv")
        let outcome = try run(["predict", "--model", model, new])
        let lines = try outcome.events()
        #expect(lines.compactMap { $0["row"] as? Int } == [0, 1, 2])
        #expect(lines.compactMap { $0["name"] as? String } == ["short", "long", "short"])
        #expect(lines.allSatisfy { $0["image"] == nil && $0["label"] == nil })
        let summary = try #require(lines.last)
        #expect(summary["rows"] as? Int == 3 && summary["labelled"] as? Int == 0 && summary["accuracy"] == nil)
        #expect(outcome.errors.contains("note: no label in the 3 rows of \(new)"))

        let words = try run(["predict", "--model", model, new, "--table"])
        #expect(words.output.contains("no label in the 3 rows of") && words.errors.isEmpty)
        #expect(
            words.outputLines.prefix(3).map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
                == ["predicted samples", "long 1", "short 2"])

        // One label is right, one is wrong, one is not there.
        let some = try folder.write(
            "length,width,site,kind\n1.1,3,a,short\n5.5,3,a,short\n1.2,3,a,\n", to: "some.csv")
        let counted = try run(["predict", "--model", model, some, "--quiet"])
        #expect(try counted.events().last?["accuracy"] as? Double == 0.5)
        #expect(counted.errors.contains("no label in 1 of the 3 rows of \(some): accuracy is of the other 2"))

        let refused = try run(["predict", "--model", model, new, "--labels", new], status: 2)
        #expect(refused.errorLines.count == 1 && refused.errors.contains("a table has its labels in a column"))
        #expect(
            try run(["predict", "--model", model, folder.path + "/nowhere.csv"], status: 2).errors
                .contains("nowhere.csv is missing"))

        // What is over is over, and that is said.
        let again = try run(["--resume", model, "--no-report"])
        #expect(again.errors.contains("note: 'things' is finished, 5 rounds of 5; --rounds 10, say, makes it longer"))
        #expect(try run(["--resume", model, "--no-report", "--rounds", "6"]).errors.isEmpty)
    }

    @Test func `A mistake says in one line what to add`() throws {
        let unsaid = try run(["--dataset", "csv:\(table)", "--dataset-options", "ignore=site"], status: 2)
        #expect(unsaid.errorLines.count == 1)
        #expect(
            unsaid.errors.contains("add label=kind to --dataset-options (without it the first column, 'length', is"))
        let unfit = try run(data, status: 2)
        #expect(
            unfit.errorLines.count == 1 && unfit.errors.contains("--model edge-mlp, tinyml, compact, mobile, logistic"))
    }

    @Test func `No table that is printed is wider than 80 columns`() throws {
        let file = try folder.write(
            """
            base: {dataset: "csv:\(table)", dataset-options: {label: kind, ignore: site}, model: "linear 8, relu, linear",
                   rounds: 3, clients: 3, batch-size: 8, normalize: channels}
            grid: {strategy: [fedavg, fedprox], alpha: [10, 100], seed: [1, 2]}
            target: 0.6
            """, to: "grid.yaml")
        let results = ["--results", folder.path]
        let sweep = try run(["sweep", file] + results)
        let table = sweep.output.components(separatedBy: "\n\n")[1]
        let runs = try run(["runs"] + results)
        let names = ["fedavg", "fedprox"].map { "grid/runs/strategy=\($0),alpha=10,seed=1" }
        let compared = try run(["compare"] + names + results)
        for text in [table, runs.output, compared.output.components(separatedBy: "picture ")[0]] {
            #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 }, "\(text)")
        }
        #expect(runs.output.contains(names[0]) && compared.output.contains("settings  fedavg  fedprox\n"))

        let changed = try folder.write(
            String(contentsOfFile: file, encoding: .utf8).replacing("rounds: 3", with: "rounds: 4"), to: "other.yaml")
        let refused = try run(["sweep", changed, "--sweep-name", "grid"] + results, status: 2)
        #expect(refused.errorLines.count == 1 && refused.errors.contains("choose another name by --sweep-name"))
    }
}
