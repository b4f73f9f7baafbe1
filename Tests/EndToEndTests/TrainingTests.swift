import Foundation
import Testing

@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct TrainingTests {
    private let folder: Folder

    init() throws {
        folder = try Folder()
    }

    private func train(ranks: Int?, _ arguments: [String]) throws -> Program.Outcome {
        try Program.run(ranks: ranks, arguments + ["--results", folder.path, "--json", "--no-report"])
    }

    @Test(arguments: [
        ["--model", "edgecnn-large", "--samples-per-client", "75", "--strategy", "fedavg"],
        ["--model", "simplecnn", "--samples-per-client", "40", "--strategy", "fedprox"],
        ["--model", "logistic", "--clients", "40", "--client-fraction", "0.3", "--samples-per-client", "20"],
    ])
    func `The same seed gives the same weights to the bit at 1, 2, 4 and 6 ranks`(options: [String]) throws {
        let arguments =
            ["--rounds", "3", "--dataset", "synthetic", "--eval-every", "3"] + options
            + (options.contains("--clients") ? [] : ["--clients", "5"])
        var digests: [String] = []
        for ranks in [nil, 1, 2, 4, 6] {
            let outcome = try train(ranks: ranks, arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            digests.append(try outcome.digest())
        }
        #expect(Set(digests).count == 1, "\(digests)")

        let other = try train(ranks: nil, arguments + ["--seed", "43"])
        #expect(try other.digest() != digests[0])
    }

    @Test func `Fashion-MNIST over six ranks leaves a log, a configuration and a model, and learns`() throws {
        let outcome = try train(ranks: 6, ["--rounds", "3", "--run-name", "six"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.isEmpty)
        let events = try outcome.events()
        #expect(events.map { $0["event"] as? String } == ["start", "round", "round", "round", "end"])
        let accuracy = try #require(events[4]["accuracy"] as? Double)
        #expect(accuracy > 0.78)
        // 5 updates of a 64-byte envelope and 214,538 floats, padded to a multiple of 64 bytes.
        #expect(events[1]["upload_bytes"] as? Int == 5 * (64 + 858_176))

        let run = folder.url.appendingPathComponent("six")
        let files = try FileManager.default.contentsOfDirectory(atPath: run.path).sorted()
        #expect(
            files == [
                "checkpoint", "checkpoint.previous", "config.json", "model.safetensors", "partition.csv",
                "round_log.json", "timing",
            ])
        let log = try JSONSerialization.jsonObject(
            with: Data(contentsOf: run.appendingPathComponent("round_log.json")))
        #expect((log as? [[String: Any]])?.count == 3)

        let again = try Program.run(
            ranks: 3, ["--config", run.appendingPathComponent("config.json").path, "--json", "--results", folder.path])
        #expect(again.status == 0, "\(again.errors)")
        #expect(try again.digest() == outcome.digest(), "a run's config.json repeats the run")
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["FEDMPI_PYTHON"] != nil, "set FEDMPI_PYTHON"))
    func `Python's safetensors reads the model with the keys and shapes of a state_dict`() throws {
        let outcome = try train(
            ranks: 2, ["--rounds", "1", "--dataset", "synthetic", "--samples-per-client", "64", "--run-name", "py"])
        #expect(outcome.status == 0, "\(outcome.errors)")
        let python = try #require(ProcessInfo.processInfo.environment["FEDMPI_PYTHON"])
        let script = """
            import hashlib, sys
            from safetensors.numpy import load_file
            tensors = load_file(sys.argv[1])
            print(" ".join(f"{k}:{'x'.join(map(str, v.shape))}" for k, v in tensors.items()))
            order = sorted(tensors, key=lambda k: (int(k.split('.')[0]), k.split('.')[1] == 'bias'))
            print(hashlib.sha256(b"".join(tensors[k].astype('<f4').tobytes() for k in order)).hexdigest())
            """
        let read = try Program.run([python, "-c", script, folder.url.path + "/py/model.safetensors"])
        #expect(read.status == 0, "\(read.errors)")
        let lines = read.outputLines
        let entries = Set(lines[0].split(separator: " ").map(String.init))
        #expect(
            entries == [
                "0.weight:16x1x3x3", "0.bias:16", "3.weight:32x16x3x3", "3.bias:32", "7.weight:128x1568",
                "7.bias:128", "9.weight:64x128", "9.bias:64", "11.weight:10x64", "11.bias:10",
            ])
        #expect(try lines[1] == outcome.digest(), "the digest is SHA-256 of the tensors in state_dict order")
    }

    @Test func `The table has a line per round and no control characters when nobody watches`() throws {
        let outcome = try Program.run(
            ranks: 3,
            ["--rounds", "2", "--dataset", "synthetic", "--model", "logistic", "--results", folder.path])
        #expect(outcome.status == 0)
        #expect(!outcome.output.contains("\u{1B}") && !outcome.output.contains("\r"))
        let rounds = outcome.outputLines.filter { $0.split(separator: " ").contains("2/2") }
        #expect(rounds.count == 2)
        #expect(outcome.outputLines.contains { $0.hasPrefix("results ") })
    }

    @Test func `A results folder that is taken away is made again, and the run ends with its model`() throws {
        let results = folder.path + "/gone"
        let script = """
            mpirun -np 3 "$0" --rounds 1000 --model logistic --dataset synthetic --quiet \
                --results "$1" --run-name gone &
            job=$!
            for _ in $(seq 400); do grep -qs round "$1/gone/round_log.json" && break; sleep 0.1; done
            mv "$1" "$1-away"
            wait $job
            """
        let binary = try #require(Program.binary)
        let outcome = try Program.run(["--default-signal", "timeout", "60", "bash", "-c", script, binary, results])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.errors.contains("was deleted; the run goes on in"), "\(outcome.errors)")
        #expect(FileManager.default.fileExists(atPath: results + "/gone/model.safetensors"))
    }
}
