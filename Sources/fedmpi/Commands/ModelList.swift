import ArgumentParser
import NeuralNet

/// The command `fedmpi models`: describes the built-in models without data and without training.
///
/// For each model it prints a header (parameters, size, arithmetic), a table of its layers, and, where the model
/// says where it is cut in two, what crosses the cut. These figures decide which model fits a device, and which
/// cut is worth trying in `fedmpi split` and `fedmpi split-train`.
///
/// Only rank 0 runs it; it needs no MPI and writes nothing. Exit codes: 0; 2 for a name that no model has.
struct ModelList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Describe the models: layers, shapes, parameters, cost, and where they are cut in two.")

    /// Name of one model; nil describes all.
    @Argument(help: "A model's name. (default: all of them)")
    var name: String?

    /// Prints the models in the order of the catalog, an empty line between two.
    ///
    /// - Throws: `ConfigurationError` with the known names when no model has the given one.
    func run() throws {
        let models = try name.map { [try Models.standard.named($0)] } ?? Models.all
        for (i, model) in models.enumerated() {
            if i > 0 { Console.output("") }
            describe(model)
        }
    }

    /// Prints one model.
    ///
    /// Sizes are KB of 1,000 bytes, of 32-bit floats. Arithmetic is counted in floating-point operations of one
    /// sample, in millions: a multiply-add counts as two. Running statistics of batch normalisation are counted
    /// apart, because they are federated but not trained.
    private func describe(_ model: Model) {
        let statistics = model.parameterCount - model.trainedParameterCount
        Console.output(
            """
            \(model.name): \(Format.grouped(model.parameterCount)) parameters\
            \(statistics > 0 ? ", \(Format.grouped(statistics)) of them running statistics" : ""), \
            \(Format.kilobytes(model.parameterCount * 4)) KB, \
            \(Format.fixed(Double(model.forwardFlops) / 1e6, 3)) MFLOP a sample forward, \
            \(Format.fixed(Double(model.trainingFlops) / 1e6, 3)) to train
            """)
        let rows = model.summary
        let width = rows.reduce("input".count) { max($0, $1.description.count) }
        func line(_ name: String, _ shape: String, _ parameters: String, _ flops: String, _ side: String) {
            Console.output(
                "  " + Format.leftAligned(name, to: width) + Format.padded(shape, to: 12)
                    + Format.padded(parameters, to: 12) + Format.padded(flops, to: 10)
                    + (side.isEmpty ? "" : "  " + side))
        }
        line("layer", "output", "parameters", "MFLOP", model.cut == nil ? "" : "runs on")
        line("input", model.input.description, "", "", "")
        for row in rows {
            line(
                row.description, row.output.description, row.parameters == 0 ? "" : Format.grouped(row.parameters),
                row.forwardFlops == 0 ? "" : Format.fixed(Double(row.forwardFlops) / 1e6, 3),
                model.cut == nil ? "" : row.runsOnDevice ? "device" : "server")
        }
        guard let features = model.features else { return }
        let raw = model.input.count * 4
        let sent = features.count * 4
        Console.output(
            """
              cut: device \(Format.grouped(model.deviceParameters)) │ server \
            \(Format.grouped(model.serverParameters)) parameters; a sample crosses as \(Format.grouped(sent)) bytes of \
            features instead of \(Format.grouped(raw)) raw, \
            \(Format.fixed(100 * (1 - Double(sent) / Double(raw)), 1)) % less
            """)
    }
}
