import Foundation
import Testing

/// Variants of a trained model, as a user makes and uses them.
@Suite(.serialized, .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"))
struct VariantTests {
    private static let python = ProcessInfo.processInfo.environment["FEDMPI_PYTHON"]
    private let folder: Folder
    private let images = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
    private let labels = "/usr/share/datasets/fashion-mnist/t10k-labels-idx1-ubyte.gz"

    init() throws { folder = try Folder() }

    private func run(_ arguments: [String]) throws -> Program.Outcome {
        try Program.run(ranks: nil, arguments, environment: ["FEDMPI_CACHE": "\(folder.path)/cache"])
    }

    /// A small model after one round; the path of the run.
    private func train(_ model: String = "edgecnn-small", _ more: [String] = [], name: String = "run") throws -> String
    {
        let outcome = try run(
            ["--rounds", "1", "--model", model, "--results", folder.path, "--run-name", name, "--no-report", "--json"]
                + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return "\(folder.path)/\(name)"
    }

    private func summary(_ model: String, _ more: [String] = []) throws -> [String: Any] {
        let outcome = try run(["predict", "--model", model, images, "--labels", labels, "--quiet"] + more)
        #expect(outcome.status == 0, "\(outcome.errors)")
        return try #require(try outcome.events().last)
    }

    @Test func `A trained model is quantised, pruned, narrowed, and every variant predicts`() throws {
        let model = try train()
        let full = try #require(try summary(model)["accuracy"] as? Double)
        #expect(full > 0.6)
        for (name, arguments) in [
            ("int8", ["quantize"]), ("pruned", ["prune", "--sparsity", "0.5"]),
            ("narrow", ["prune", "--sparsity", "0.5", "--structured", "--fine-tune", "1"]),
        ] {
            let file = "\(folder.path)/\(name).safetensors"
            let outcome = try run(arguments + ["--model", model, "--output", file])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("written   \(file)"))
            let accuracy = try #require(try summary(file)["accuracy"] as? Double)
            #expect(accuracy > (name == "int8" ? full - 0.01 : 0.5))
        }
        // At the precision asked for, without a file of it; and whatever the batch.
        let int8 = try #require(try summary("\(folder.path)/int8.safetensors")["accuracy"] as? Double)
        #expect(try summary(model, ["--precision", "int8", "--batch", "64"])["accuracy"] as? Double == int8)
        let table = try run(["variants", model, "\(folder.path)/int8.safetensors", "--images", "100", "--json"])
        #expect(try table.events().map { $0["precision"] as? String } == ["f32", "int8"])
    }

    @Test func `A quantised model is registered with its accuracy and what it was made from`() throws {
        let model = try train()
        let file = "\(folder.path)/int8.safetensors"
        #expect(try run(["quantize", "--model", model, "--output", file]).status == 0)
        func models(_ words: [String]) throws -> [String: Any] {
            let outcome = try run(["models"] + words + ["--results", folder.path])
            #expect(outcome.status == 0, "\(outcome.errors)")
            return try outcome.events().last ?? [:]
        }
        for (name, source) in [("digits", model), ("small", file)] {
            let outcome = try run(["models", "register", name, source, "--results", folder.path])
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
        let shown = try models(["show", "small@1", "--json"])
        #expect(shown["made_from"] as? [String] == ["digits@1"])
        let contents = try #require((shown["model"] as? [String: Any])?["contents"] as? [String: Any])
        #expect(contents["accuracy"] as? Double == (try summary(file)["accuracy"] as? Double))
    }

    @Test func `An image's object has its class, the class's name, its label and all probabilities`() throws {
        let outcome = try run(["predict", "--model", try train(), images, "--labels", labels])
        let events = try outcome.events()
        #expect(events.count == 10_001)
        let first = try #require(events.first)
        #expect(first["label"] as? Int == 9)
        let probabilities = try #require(first["probabilities"] as? [Double])
        #expect(probabilities.count == 10 && abs(probabilities.reduce(0, +) - 1) < 1e-9)
        let best = try #require(first["class"] as? Int)
        #expect(probabilities[best] == probabilities.max())
        #expect(first["name"] as? String == Self.names[best])
    }

    private static let names: [Int: String] = [
        0: "T-shirt/top", 1: "Trouser", 2: "Pullover", 3: "Dress", 4: "Coat", 5: "Sandal", 6: "Shirt", 7: "Sneaker",
        8: "Bag", 9: "Ankle boot",
    ]

    private static let graph = "conv 4 3x3 stride 2 as a, groupnorm 2, relu, conv 4 3x3 pad 1, add a, gelu, linear"

    @Test func `A network that was exported goes on where it was`() throws {
        let model = try train(Self.graph)
        let file = "\(folder.path)/model.onnx"
        #expect(try run(["export", "--model", model, "--to", file]).status == 0)
        let again = try train("onnx:\(file)", ["--lr", "1e-9"], name: "again")
        let accuracy = try #require(try summary(model)["accuracy"] as? Double)
        #expect(accuracy > 0.5)
        #expect(try summary(again)["accuracy"] as? Double == accuracy)
    }

    @Test(.enabled(if: python != nil, "set FEDMPI_PYTHON"), arguments: ["edgecnn-small", graph])
    func `A trained model's ONNX file gives the same classes in onnxruntime`(layers: String) throws {
        let model = try train(layers)
        let file = "\(folder.path)/model.onnx"
        #expect(try run(["export", "--model", model, "--to", file]).status == 0)
        let script = try folder.write(
            """
            import gzip, json, sys
            import numpy as np, onnxruntime
            pixels = np.frombuffer(gzip.open(sys.argv[2]).read(16 + 100 * 784), np.uint8, offset=16)
            images = (pixels.astype(np.float32) / 255).reshape(-1, 1, 28, 28)
            scores = onnxruntime.InferenceSession(sys.argv[1]).run(None, {"image": images})[0].astype(np.float64)
            powers = np.exp(scores - scores.max(1, keepdims=True))
            lines = [json.loads(line) for line in open(sys.argv[3])][:100]
            ours = np.array([line["probabilities"] for line in lines])
            print(abs(powers / powers.sum(1, keepdims=True) - ours).max())
            """, to: "check.py")
        let predictions = try folder.write(
            try run(["predict", "--model", model, images]).output, to: "predictions.jsonl")
        let outcome = try Program.run([try #require(Self.python), script, file, images, predictions])
        let difference = try #require(
            Double(outcome.output.trimmingCharacters(in: .whitespacesAndNewlines)), "\(outcome.errors)")
        #expect(difference < 1e-4)
    }

    /// Whether the Python has PyTorch, which is too large for every machine that tests.
    private static let hasTorch: Bool = {
        guard let python, let outcome = try? Program.run([python, "-c", "import torch, safetensors.torch"]) else {
            return false
        }
        return outcome.status == 0
    }()

    @Test(.enabled(if: hasTorch, "set FEDMPI_PYTHON to a Python with torch and safetensors"))
    func `PyTorch's state_dict predicts the same in fedmpi, and fedmpi's file the same in PyTorch`() throws {
        let script = try folder.write(
            """
            import gzip, json, subprocess, sys
            import numpy as np, torch
            from safetensors.torch import load_file, save_file
            from torch import nn
            folder, fedmpi, file = sys.argv[1:]
            def network():
                return nn.Sequential(
                    nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
                    nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                    nn.Linear(1568, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
            torch.manual_seed(3)
            model = network()
            pixels = np.frombuffer(gzip.open(file).read(16 + 100 * 784), np.uint8, offset=16)
            images = torch.from_numpy((pixels.astype(np.float32) / 255).reshape(-1, 1, 28, 28))
            model(images)  # moves the running statistics
            model.eval()
            save_file(model.state_dict(), folder + "/torch.safetensors")
            words = [fedmpi, "predict", "--model", folder + "/torch.safetensors", file, "--batch", "100"]
            lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()[:100]
            ours = np.array([json.loads(line)["probabilities"] for line in lines])
            with torch.inference_mode():
                expected = torch.softmax(model(images).double(), 1).numpy()
            subprocess.run([fedmpi, "export", "--model", folder + "/torch.safetensors", "--to",
                            folder + "/back.safetensors"], check=True, capture_output=True)
            other = network()
            back = other.load_state_dict(load_file(folder + "/back.safetensors"), strict=False)
            assert all(key.endswith("num_batches_tracked") for key in back.missing_keys), back
            assert not back.unexpected_keys, back
            same = all(torch.equal(a, b) for a, b in zip(model.parameters(), other.parameters()))
            print(abs(ours - expected).max(), same)
            """, to: "both_ways.py")
        let python = try #require(Self.python)
        let outcome = try Program.run([python, script, folder.path, try #require(Program.binary), images])
        let words = outcome.output.split { $0.isWhitespace }
        #expect(words.count == 2 && words.last == "True", "\(outcome.errors)")
        let difference = try #require(words.first.flatMap { Double($0) })
        #expect(difference < 1e-5)
    }

    @Test func `Bad files and bad wishes are one line and exit code 2, before anything is written`() throws {
        let model = try train()
        let junk = try folder.write("no model", to: "junk")
        let output = "\(folder.path)/out.safetensors"
        for arguments in [
            ["predict", "--model", junk, images], ["predict", "--model", model, junk],
            ["predict", "--model", model, labels], ["predict", "--model", model, images, "--labels", images],
            ["predict", "--model", model, "/nowhere"], ["predict", "--model", "/nowhere", images],
            ["predict", "--model", model, images, "--batch", "0"],
            ["quantize", "--model", junk, "--output", output], ["quantize", "--model", model, "--output", folder.path],
            ["quantize", "--model", model, "--output", "/nowhere/x"],
            ["quantize", "--model", model, "--output", output, "--calibration", "0"],
            ["quantize", "--model", model, "--output", output, "--dataset", "cifar10:/nowhere"],
            ["prune", "--model", model, "--output", output, "--sparsity", "1.5"],
            ["export", "--model", model, "--to", "\(folder.path)/model.pb"], ["variants", junk],
        ] {
            let outcome = try run(arguments)
            #expect(outcome.status == 2, "\(arguments): \(outcome.output)")
            #expect(outcome.errorLines.count == 1 && outcome.output.isEmpty, "\(arguments): \(outcome.errors)")
        }
        #expect(!FileManager.default.fileExists(atPath: output))
    }
}
