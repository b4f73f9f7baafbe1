import Analysis
import NeuralNet

extension VariantMeasurement {
    /// A line of `variants.json`.
    struct Record: Encodable {
        let model: String
        let precision: String
        let sparsity: Double
        let parameters: Int
        let bytes: Int
        let accuracy: Double
        /// Of single images.
        let milliseconds: Milliseconds
        /// In batches of 32.
        let imagesPerSecond: Double

        struct Milliseconds: Encodable {
            let mean, p50, p95, p99, max: Double
        }
    }

    var record: Record {
        Record(
            model: variant.model.name, precision: variant.precision.rawValue, sparsity: variant.sparsity,
            parameters: variant.model.parameterCount, bytes: variant.byteCount, accuracy: accuracy,
            milliseconds: .init(
                mean: 1e3 * latency.mean, p50: 1e3 * latency.p50, p95: 1e3 * latency.p95, p99: 1e3 * latency.p99,
                max: 1e3 * latency.max),
            imagesPerSecond: imagesPerSecond)
    }

    /// What distinguishes it from others of its model, e.g. `int8, 80 % zeros`.
    fileprivate var label: String {
        let isSparse = variant.sparsity > 0.1
        return variant.precision.rawValue
            + (isSparse ? ", \(Format.fixed(100 * variant.sparsity, 0)) % zeros" : "")
    }
}

extension [VariantMeasurement] {
    /// The variants side by side.
    var table: TextTable {
        var table = TextTable([
            ("model", .left), ("precision", .left), ("zeros", .right), ("parameters", .right), ("KB", .right),
            ("accuracy", .right), ("p50 ms", .right), ("p95 ms", .right), ("images/s", .right),
        ])
        for measured in self {
            let variant = measured.variant
            table.add([
                variant.model.name, variant.precision.rawValue, Format.fixed(100 * variant.sparsity, 1) + " %",
                Format.grouped(variant.model.parameterCount), Format.fixed(Double(variant.byteCount) / 1e3, 1),
                Format.percent(measured.accuracy), Format.fixed(1e3 * measured.latency.p50, 4),
                Format.fixed(1e3 * measured.latency.p95, 4), Format.grouped(Int(measured.imagesPerSecond.rounded())),
            ])
        }
        return table
    }

    /// Accuracy against the latency of a single image; a colour for each model, and the area of a point for its size.
    var picture: Picture {
        var names: [String] = []
        for measured in self where !names.contains(measured.variant.model.name) {
            names.append(measured.variant.model.name)
        }
        var data: [String] = []
        for (i, name) in names.enumerated() {
            if i > 0 { data += ["", ""] }
            data.append("# \(name): p50_ms,accuracy_percent,kilobytes,variant")
            for measured in self where measured.variant.model.name == name {
                data.append(
                    "\(1e3 * measured.latency.p50),\(100 * measured.accuracy),"
                        + "\(Double(measured.variant.byteCount) / 1e3),\"\(measured.label)\"")
            }
        }
        let points = names.enumerated().map { i, name in
            let colour = Colour.all[i % Colour.all.count]
            return "DATA index \(i) using 1:2:(0.5+sqrt($3)/8) with points pt 7 ps variable lc rgb \"\(colour)\" "
                + "title \"\(Picture.quotable(name))\", \\\n     "
                + "DATA index \(i) using 1:2:(sprintf(\"%s, %.0f KB\", strcol(4), $3)) with labels left offset 1.6,0.3 "
                + "font \"sans,10\" textcolor rgb \"#333333\" notitle"
        }
        return Picture(
            "variants",
            caption: "Accuracy against the median latency of a single image; a point's area is the variant's size.",
            size: (1100, 640), data: data,
            body: """
                set xlabel "latency of a single image, p50, ms"
                set ylabel "test accuracy, %" offset 1,0
                set logscale x
                set offsets graph 0.05, graph 0.22, graph 0.08, graph 0.08
                set key maxrows 2
                plot \(points.joined(separator: ", \\\n     "))
                """)
    }
}
