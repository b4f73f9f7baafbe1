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
        #expect(outcome.errors.contains("train.csv: line 2, column 785: 'site 0' is no number"))
    }
}
