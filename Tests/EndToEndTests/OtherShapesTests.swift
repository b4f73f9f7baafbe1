import Foundation
import Testing

/// Models follow the data: what a user brings trains above chance, in images of any shape, tables and sequences, by models
/// of the catalog and models as text.
@Suite(
    .enabled(if: Program.binary != nil, "set FEDMPI_BINARY to the release binary"),
    .enabled(if: ProcessInfo.processInfo.environment["FEDMPI_PYTHON"] != nil, "set FEDMPI_PYTHON"))
struct OtherShapesTests {
    /// A residual block and a bar, the model file of the README.
    static let modelFile = """
        name: residual
        layers:
          - conv 16 3x3 pad 1
          - groupnorm 4
          - relu as x
          - conv 16 3x3 pad 1
          - groupnorm 4
          - add x
          - relu
          - avgpool 4
          - cut
          - linear 32
          - silu
          - linear
        """

    /// Model, data set, its options, number of classes. `DATA` is the folder of the test, where ``make`` has been.
    static let commands: [(model: String, dataset: String, options: String, classes: Double)] = [
        ("edgecnn-large", "synthetic:3x24x24", "", 10),
        ("edgecnn-bn", "synthetic:2x20x31", "", 10),
        ("simplecnn", "synthetic:3x16x16", "", 10),
        ("mobilenet-tiny", "synthetic:3x32x32", "", 10),
        ("mobilenet-tiny", "synthetic", "", 10),
        ("edge-mlp", "synthetic:32", "", 10),
        ("mobile", "synthetic:40", "", 10),
        ("tinyml", "csv:DATA/table.csv", "label=kind", 3),
        ("logistic", "csv:DATA/table.csv", "label=kind", 3),
        ("linear 32, layernorm, gelu, linear 16, tanh, linear", "csv:DATA/table.csv", "label=kind", 3),
        ("edgecnn-small", "numpy:DATA/many.npz", "", 62),
        ("embedding 12 16, lstm 32 last, linear", "numpy:DATA/steps.npz", "scale=1", 4),
        ("embedding 12 16, gru 24 layers 2 last, linear", "numpy:DATA/steps.npz", "scale=1", 4),
        ("DATA/residual.yaml", "synthetic:3x20x20", "", 10),
        (
            "conv 16 3x3 pad 1, relu as a, conv 16 3x3 pad 1, relu, concat a, maxpool 3x3 stride 2 pad 1, avgpool 2, linear",
            "synthetic:4x16x16", "", 10
        ),
    ]

    /// Writes a table of 20 columns and three classes, pictures in 62 classes, and sequences of 20 indices in four.
    private static let make = """
        import numpy as np
        random = np.random.default_rng(3)
        centres = random.normal(size=(3, 20))
        kinds = random.integers(0, 3, 900)
        rows = centres[kinds] + random.normal(size=(900, 20))
        with open("table.csv", "w") as file:
            file.write(",".join(f"x{i}" for i in range(20)) + ",kind\\n")
            for row, kind in zip(rows, kinds):
                file.write(",".join(f"{value:.4f}" for value in row) + f",{'abc'[kind]}\\n")
        y = random.integers(0, 62, 3000)
        x = random.integers(0, 90, (3000, 16, 16)) + random.integers(0, 160, (62, 16, 16))[y]
        np.savez("many.npz", x_train=x[:2700].astype("u1"), y_train=y[:2700], x_test=x[2700:].astype("u1"), y_test=y[2700:])
        y = random.integers(0, 4, 1500)
        # Every third index of a sequence is one of its class's own three.
        x = random.integers(0, 12, (1500, 20))
        x[:, ::3] = 3 * y[:, None] + random.integers(0, 3, (1500, 7))
        np.savez("steps.npz", x_train=x[:1350].astype("f4"), y_train=y[:1350], x_test=x[1350:].astype("f4"), y_test=y[1350:])
        """

    @Test func `Fifteen commands on data of other shapes train above chance`() throws {
        let folder = try Folder()
        let python = try #require(ProcessInfo.processInfo.environment["FEDMPI_PYTHON"])
        _ = try folder.write(Self.modelFile, to: "residual.yaml")
        let script = try folder.write(Self.make, to: "make.py")
        let made = try Program.run(["env", "-C", folder.path, python, script])
        #expect(made.status == 0, "\(made.errors)")
        for command in Self.commands {
            func here(_ text: String) -> String { text.replacingOccurrences(of: "DATA", with: folder.path) }
            // A row of numbers or indices: less to learn from in a step.
            let isTable =
                command.dataset.contains("csv") || command.dataset.contains("steps")
                || ["synthetic:32", "synthetic:40"].contains(command.dataset)
            var arguments = [
                "--model", here(command.model), "--dataset", here(command.dataset), "--rounds", "4", "--clients", "3",
                "--samples-per-client", "300", "--partition", "iid", "--epochs", "3", "--batch-size", "16", "--lr",
                isTable ? "0.05" : "0.01",
                "--results", folder.path, "--json", "--no-report",
            ]
            if !command.options.isEmpty { arguments += ["--dataset-options", command.options] }
            let outcome = try Program.run(
                ranks: nil, arguments, environment: ["FEDMPI_CACHE": "\(folder.path)/cache"])
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
            let accuracy = try outcome.events().compactMap { $0["server_accuracy"] as? Double }.last ?? 0
            // Three standard deviations and more above chance on 100 and more test samples.
            #expect(accuracy > 1.5 / command.classes + 0.05, "\(command): \(accuracy)")
        }
    }
}
