import NeuralNet

/// The table of a model's layers: shapes, parameters, arithmetic, and what crosses the cut.
struct ModelTable {
    /// The model that is described.
    private let model: Model

    init(_ model: Model) {
        self.model = model
    }

    /// Prints the model.
    ///
    /// Sizes are KB of 1,000 bytes, of 32-bit floats. Arithmetic is counted in floating-point operations of one
    /// sample, in millions: a multiply-add counts as two. Running statistics of batch normalisation are counted
    /// apart, because they are federated but not trained.
    func print() {
        let statistics = model.parameterCount - model.trainedParameterCount
        Console.output(
            """
            \(model.name): \(Format.grouped(model.parameterCount)) parameters\
            \(statistics > 0 ? ", \(Format.grouped(statistics)) of them running statistics" : ""), \
            \(Format.megabytes(model.parameterCount * 4)), \
            \(Format.fixed(Double(model.forwardFlops) / 1e6, 3)) MFLOP a sample forward, \
            \(Format.fixed(Double(model.trainingFlops) / 1e6, 3)) to train
            """)
        let rows = model.summary
        let words = words(for: rows)
        let width = words.reduce("input".count) { max($0, $1.count) }
        func line(_ name: String, _ shape: String, _ parameters: String, _ flops: String, _ side: String) {
            Console.output(
                "  " + Format.leftAligned(name, to: width) + Format.padded(shape, to: 12)
                    + Format.padded(parameters, to: 12) + Format.padded(flops, to: 10)
                    + (side.isEmpty ? "" : "  " + side))
        }
        line("layer", "output", "parameters", "MFLOP", model.cut == nil ? "" : "runs on")
        line("input", model.input.description, "", "", "")
        for (words, row) in zip(words, rows) {
            line(
                words, row.output.description, row.parameters == 0 ? "" : Format.grouped(row.parameters),
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
            \(Format.fixed(100 * abs(1 - Double(sent) / Double(raw)), 1)) % \(sent > raw ? "more" : "less")
            """)
    }

    /// What stands for each layer: its description, behind its name where layers are not just numbered, and what it
    /// takes where that is not the layer before.
    private func words(for rows: [Model.LayerSummary]) -> [String] {
        let areNumbered = rows.enumerated().allSatisfy { "\($0.offset)" == $0.element.name }
        return rows.map { row in
            (areNumbered ? "" : "\(row.name): ") + row.description
                + (row.sources.isEmpty ? "" : " of \(row.sources.joined(separator: ", "))")
        }
    }
}
