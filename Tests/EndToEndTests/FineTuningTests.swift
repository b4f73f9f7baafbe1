import Foundation
import Testing

/// Runs that start from the weights of a file, and keep some of them.
@Suite(
    .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"),
    .enabled(if: ProcessInfo.processInfo.environment["FEDMPI_PYTHON"] != nil, "set FEDMPI_PYTHON"))
struct FineTuningTests {
    private let folder: Folder

    init() throws { folder = try Folder() }

    private func train(
        _ name: String, ranks: Int?, _ arguments: [String], model: String = "edgecnn-bn", status: Int32 = 0
    ) throws -> Program.Outcome {
        let outcome = try Program.run(
            ranks: ranks,
            [
                "--model", model, "--dataset", "synthetic:1x12x12", "--clients", "3", "--samples-per-client", "100",
                "--results", folder.path, "--run-name", name, "--json", "--no-report",
            ] + arguments)
        #expect(outcome.status == status, "\(outcome.errors)")
        return outcome
    }

    /// Runs a script with `a` and `b`, the tensors of two runs.
    private func compare(_ first: String, _ second: String, _ script: String) throws {
        let python = try #require(ProcessInfo.processInfo.environment["FEDMPI_PYTHON"])
        let path = try folder.write(
            """
            import sys
            import numpy as np
            from safetensors.numpy import load_file
            a, b = (load_file(f"{folder}/model.safetensors") for folder in sys.argv[1:3])
            assert list(a) and a.keys() == b.keys()
            """ + "\n" + script, to: "compare.py")
        let outcome = try Program.run([python, path, "\(folder.path)/\(first)", "\(folder.path)/\(second)"])
        #expect(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func `What is frozen neither trains nor travels, at any number of ranks`() throws {
        let whole = try train("base", ranks: nil, ["--rounds", "2"])
        let frozen = ["--rounds", "2", "--init", "\(folder.path)/base", "--freeze", "0.*,1.*,4.*,5.*,9.*"]
        let alone = try train("alone", ranks: nil, frozen)
        let ranks = try train("ranks", ranks: 3, frozen)
        #expect(try alone.digest() == ranks.digest())
        try compare(
            "base", "alone",
            """
            for key in a:
                same = np.array_equal(a[key], b[key])
                assert same == (key.split(".")[0] in ("0", "1", "4", "5", "9")), key
            """)
        try compare("alone", "ranks", "for key in a: assert np.array_equal(a[key], b[key]), key")
        func bytes(_ outcome: Program.Outcome) throws -> Double {
            try #require(try outcome.events().compactMap { $0["upload_bytes"] as? Double }.last)
        }
        // Of 50,890 numbers, 8,906 train: the two last layers.
        #expect(try bytes(alone) < bytes(whole) / 2)
    }

    @Test func `Training starts where the file is, and goes on from a checkpoint to the same bits`() throws {
        _ = try train("base", ranks: nil, ["--rounds", "1"])
        _ = try train("still", ranks: nil, ["--rounds", "1", "--init", "\(folder.path)/base", "--lr", "1e-30"])
        try compare(
            "base", "still", "for key in a: assert 'running' in key or np.array_equal(a[key], b[key]), key")
        let start = ["--init", "\(folder.path)/base", "--freeze", "0.*"]
        let once = try train("once", ranks: nil, ["--rounds", "3"] + start, model: "edgecnn-large", status: 2)
        #expect(once.errors.contains("has no tensor"), "\(once.errors)")
    }

    @Test(arguments: [
        (["--init", "/nowhere"], "cannot read the initial weights '/nowhere'"),
        (["--freeze", "nine.*"], "no parameter is called 'nine.*'"),
        (["--freeze", "*"], "leaves no parameter"),
        (["--freeze", "5.*"], "running statistics of 5"),
    ])
    func `What cannot be frozen or read is refused in a line`(arguments: [String], words: String) throws {
        let outcome = try train("refused", ranks: nil, ["--rounds", "1"] + arguments, status: 2)
        #expect(outcome.errors.contains(words) && outcome.errorLines.count == 1, "\(outcome.errors)")
    }
}
