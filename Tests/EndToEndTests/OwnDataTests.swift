import Foundation
import Testing

/// A user's own data, in any of the formats, without a line of code.
@Suite(
    .serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"),
    .enabled(if: ProcessInfo.processInfo.environment["FEDMPI_PYTHON"] != nil, "set FEDMPI_PYTHON"))
struct OwnDataTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
        let python = try #require(ProcessInfo.processInfo.environment["FEDMPI_PYTHON"])
        // The same numbers as MNIST's files, as NumPy's arrays (stored, compressed, one by one), and as text.
        let script = try folder.write(
            """
            import struct
            import numpy as np
            random = np.random.default_rng(1)
            for split, name, count in (("train", "train", 600), ("t10k", "test", 100)):
                y = random.integers(0, 10, count).astype("u1")
                x = (random.integers(0, 128, (count, 28, 28)) + 12 * y[:, None, None]).astype("u1")
                with open(f"{split}-images-idx3-ubyte", "wb") as file:
                    file.write(struct.pack(">4i", 0x803, count, 28, 28) + x.tobytes())
                with open(f"{split}-labels-idx1-ubyte", "wb") as file:
                    file.write(struct.pack(">2i", 0x801, count) + y.tobytes())
                np.save(f"x_{name}.npy", x)
                np.save(f"y_{name}.npy", y.astype("<i8"))
                with open(f"{name}.csv", "w") as file:
                    file.write(",".join(f"p{i}" for i in range(784)) + ",kind,site\\n")
                    table = [list(map(str, row)) for row in x.reshape(count, -1).tolist()]
                    for i, (row, kind) in enumerate(zip(table, y)):
                        file.write(",".join(row + [f"class {kind}", f"site {i % 3}"]) + "\\n")
            arrays = {f"{a}_{s}": np.load(f"{a}_{s}.npy") for a in "xy" for s in ("train", "test")}
            np.savez("stored.npz", **arrays)
            np.savez_compressed("deflated.npz", **arrays)
            """, to: "make.py")
        let outcome = try Program.run(["env", "-C", folder.path, python, script])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    private func train(_ arguments: [String]) throws -> Program.Outcome {
        let outcome = try Program.run(
            ranks: 3,
            arguments + ["--rounds", "2", "--model", "logistic", "--results", folder.path, "--json", "--no-report"],
            environment: ["FEDMPI_CACHE": "\(folder.path)/cache"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        return outcome
    }

    private var table: [String] {
        [
            "--dataset", "csv:\(folder.path)/train.csv", "--dataset-options",
            "test=\(folder.path)/test.csv,label=kind,ignore=site,shape=1x28x28,scale=255",
        ]
    }

    @Test func `One data set in five formats gives one model, to the bit`() throws {
        let sources =
            ["idx:\(folder.path)", "numpy:\(folder.path)"]
            + ["stored", "deflated"].map { "numpy:\(folder.path)/\($0).npz" }
        var digests = try sources.map { try train(["--dataset", $0, "--clients", "5"]).digest() }
        digests.append(try train(table + ["--clients", "5"]).digest())
        #expect(Set(digests).count == 1, "\(digests)")
    }

    /// What a command prints, and on standard error.
    private func run(ranks: Int?, _ arguments: [String], status: Int32 = 0) throws -> Program.Outcome {
        let outcome = try Program.run(
            ranks: ranks, arguments, environment: ["FEDMPI_CACHE": "\(folder.path)/cache"])
        #expect(outcome.status == status, "\(arguments): \(outcome.output)\(outcome.errors)")
        return outcome
    }

    @Test func `Whoever tries a trained model does so on its own run's test images, and says which`() throws {
        // Held out by a seed that is no command's default; the whole form comes from the model's file.
        let form = "label=kind,ignore=site,shape=1x28x28,scale=255,test-share=0.3"
        let csv = "csv:\(folder.path)/train.csv"
        let trained = try train([
            "--dataset", csv, "--dataset-options", form, "--seed", "7", "--clients", "2", "--run-name", "own",
            "--no-history",
        ])
        let accuracy = try #require(try trained.events().compactMap { $0["server_accuracy"] as? Double }.last)
        let model = folder.path + "/own"
        let images = "the 180 test rows of \(csv) (held out by seed 7)"
        let variants = try run(ranks: nil, ["variants", model, "--images", "10", "--json"])
        #expect(try variants.events().first?["accuracy"] as? Double == accuracy)
        #expect(try variants.events().first?["test_images"] as? String == images)
        #expect(variants.errors.isEmpty)
        let served = try run(
            ranks: nil,
            ["serve", "--models", model, "--requests", "20", "--results", folder.path, "--run-name", "fleet", "--json"])
        let fleet = try #require(try served.events().first)
        #expect((fleet["models"] as? [[String: Any]])?.first?["accuracy"] as? Double == accuracy)
        #expect(fleet["test_images"] as? String == images)
        let split = try run(ranks: 2, ["split", "--model", model, "--cut", "1", "--bare"])
        #expect(split.output.contains("data      \(images)\n"))
        #expect(split.output.contains("accuracy  \(String(format: "%.2f %%", 100 * accuracy))"))
        let predicted = try run(ranks: nil, ["predict", "--model", model]).events()
        #expect(predicted.count == 181 && predicted.last?["accuracy"] as? Double == accuracy)
        #expect(predicted.last?["data"] as? String == images)
        let first = try #require(predicted.first)
        #expect(try first["name"] as? String == "class \(#require(first["class"] as? Int))")
        #expect(try first["label_name"] as? String == "class \(#require(first["label"] as? Int))")
        #expect(
            try run(ranks: 2, ["doctor", "--model", model]).output
                .contains("\(csv) found on every rank: 420 to train, 180 to test"))

        // Others are named, and the weights are not replaced by what is made of them.
        let others = try run(
            ranks: nil, ["variants", model, "--images", "10", "--dataset-options", "test=\(folder.path)/test.csv"])
        #expect(others.errors.contains("note: these are not the test rows of the model's run, which was on \(csv)"))
        #expect(others.output.contains("accuracy  on the 100 test rows of \(csv) (in \(folder.path)/test.csv)"))
        let weights = try Data(contentsOf: URL(fileURLWithPath: model + "/model.safetensors"))
        for command in [["quantize", "--output"], ["prune", "--sparsity", "0.5", "--output"], ["export", "--to"]] {
            let refused = try run(
                ranks: nil, command + [model + "/model.safetensors", "--model", model], status: 2)
            #expect(refused.errorLines.count == 1 && refused.errors.contains("is there already"))
        }
        #expect(try Data(contentsOf: URL(fileURLWithPath: model + "/model.safetensors")) == weights)
        let labels = try run(
            ranks: nil,
            ["predict", "--model", model, "\(folder.path)/t10k-images-idx3-ubyte", "--labels", try oneBased()],
            status: 2)
        #expect(labels.errors.contains("the label 10, outside 0 ..< 10"))
    }

    /// The test labels counted from 1.
    private func oneBased() throws -> String {
        var bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/t10k-labels-idx1-ubyte"))
        for i in 8..<bytes.count { bytes[i] += 1 }
        let path = folder.path + "/from-one"
        try bytes.write(to: URL(fileURLWithPath: path))
        return path
    }

    @Test func `Clients are those that a column names, and a run's configuration repeats them`() throws {
        let sites = ["--partition", "by-column", "--partition-options", "file=\(folder.path)/train.csv,column=site"]
        let first = try train(table + sites + ["--clients", "3", "--run-name", "first"])
        let again = try train(["--config", "\(folder.path)/first/config.json", "--run-name", "again"])
        #expect(try first.digest() == again.digest())
        let printed = try Program.run(
            ranks: nil, ["partition", "--json", "--clients", "3"] + table + sites,
            environment: ["FEDMPI_CACHE": "\(folder.path)/cache"])
        let object = try JSONSerialization.jsonObject(with: Data(printed.output.utf8)) as? [String: Any]
        let counts = try #require(object?["table"] as? [[Int]])
        #expect(counts.map { $0.reduce(0, +) } == [200, 200, 200])
    }

    @Test func `Other columns than the labels and the features are no numbers to it`() throws {
        var options = table
        options[3] = options[3].replacingOccurrences(of: ",ignore=site", with: "")
        let outcome = try Program.run(
            ranks: 2, options, environment: ["FEDMPI_CACHE": "\(folder.path)/cache"])
        #expect(outcome.status == 2 && outcome.errorLines.count == 1)
        #expect(outcome.errors.contains("train.csv: line 2, column 'site': 'site 0' is no number"))
    }
}
