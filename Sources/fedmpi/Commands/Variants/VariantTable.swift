import Experiments
import Inference
import NeuralNet
import Runtime

extension [VariantMeasurement] {
    /// The variants side by side, with their parameters (`params`): KB of 1,000 bytes as stored, milliseconds of single images, images a second in
    /// batches.
    var table: TextTable {
        var table = TextTable([
            ("variant", .left), ("zeros", .right), ("params", .right), ("KB", .right),
            ("accuracy", .right), ("p50 ms", .right), ("p95 ms", .right), ("\(samples)/s", .right),
        ])
        for measured in self {
            let variant = measured.variant
            table.add([
                variant.name, Format.fixed(100 * variant.sparsity, 1) + " %",
                Format.grouped(variant.model.parameterCount), Format.fixed(Double(variant.byteCount) / 1e3, 1),
                Format.percent(measured.accuracy), Format.fixed(1e3 * measured.latency.p50, 4),
                Format.fixed(1e3 * measured.latency.p95, 4), Format.grouped(Int(measured.imagesPerSecond.rounded())),
            ])
        }
        return table
    }

    /// What a sample is: `images`, `rows` of a table, or `samples` where variants differ.
    private var samples: String {
        let words = Set(map(\.samples))
        return words.count == 1 ? words.first ?? "samples" : "samples"
    }

    /// The test images that the accuracies are of. Models may have been tried on different ones, and then all are
    /// named. Below it, what is to be known of int8 on this processor.
    var legend: String {
        var names: [String] = []
        for measured in self where !names.contains(measured.testImages) { names.append(measured.testImages) }
        let note = contains { $0.variant.precision == .int8 } ? IntegerNote.text : nil
        return "accuracy  on \(names.joined(separator: "; "))\n"
            + "p50, p95  of one \(samples.dropLast()) alone; \(samples)/s in batches; KB of 1,000 bytes of weights"
            + (note.map { "\n" + SettingsText.wrapped($0, indent: 2, first: 0) } ?? "")
    }
}
