package import Analysis
import FedCore
import Inference
import NeuralNet
import Runtime

extension VariantMeasurement {
    /// An entry of `variants.json`.
    package struct Record: Encodable {
        /// Name of the architecture.
        package let model: String
        /// `f32` or `int8`, as variants are named on the command line.
        package let precision: String
        /// Share of the weights that are zero, in [0, 1].
        package let sparsity: Double
        package let parameters: Int
        /// Bytes of the weights as they are stored and sent to a device.
        package let bytes: Int
        /// Share of the test images that are classified correctly, in [0, 1].
        package let accuracy: Double
        /// What the accuracy was measured on, as a phrase.
        package let testImages: String
        /// Latency of single images.
        package let milliseconds: Milliseconds
        /// Throughput in batches of 32.
        package let imagesPerSecond: Double

        /// A distribution of latencies: mean, percentiles and maximum, each in milliseconds.
        package struct Milliseconds: Encodable {
            package let mean, p50, p95, p99, max: Double
        }
    }

    /// The measurement as an entry of `variants.json`.
    package var record: Record {
        Record(
            model: variant.model.name, precision: variant.precision.rawValue, sparsity: variant.sparsity,
            parameters: variant.model.parameterCount, bytes: variant.byteCount, accuracy: accuracy,
            testImages: testImages,
            milliseconds: .init(
                mean: 1e3 * latency.mean, p50: 1e3 * latency.p50, p95: 1e3 * latency.p95, p99: 1e3 * latency.p99,
                max: 1e3 * latency.max),
            imagesPerSecond: imagesPerSecond)
    }

    /// Whether weights were cut. A tenth of zeros is more than chance or the rounding to int8 leaves.
    fileprivate var isSparse: Bool { variant.sparsity > 0.1 }
}

extension [VariantMeasurement] {
    /// The figure of accuracy against the latency of a single image, which shows what each variant trades for what.
    ///
    /// A colour stands for the architecture, a shape for the precision, and a hollow shape for cut weights; the size of
    /// the weights is written beside it. The axis of latency is logarithmic, because variants differ by orders of
    /// magnitude.
    package var picture: Picture {
        var names: [String] = []
        for measured in self where !names.contains(measured.variant.model.name) {
            names.append(measured.variant.model.name)
        }
        var data = ["# p50_ms,accuracy_percent,kilobytes,point_type,colour,model,precision,percent_of_zeros"]
        for measured in self {
            let variant = measured.variant
            let model = names.firstIndex(of: variant.model.name) ?? 0
            let shape = Self.shapes.firstIndex { $0.precision == variant.precision && $0.isSparse == measured.isSparse }
            let colour = Colour.all[model % Colour.all.count]
            data.append(
                [
                    "\(1e3 * measured.latency.p50)", "\(100 * measured.accuracy)",
                    "\(Double(variant.byteCount) / 1e3)", "\(shape.map { Self.shapes[$0].type } ?? 1)",
                    "\(colour.rgb)", Picture.cell(text: variant.model.name), variant.precision.rawValue,
                    NumberText.fixed(100 * variant.sparsity, 1),
                ].joined(separator: ","))
        }
        let models = names.enumerated().map { i, name -> PlotScript in
            "NaN with points pt 7 ps 1.5 lc rgb \(Colour.all[i % Colour.all.count]) title \(text: name)"
        }
        let shapes = Self.shapes.filter { shape in
            contains { $0.variant.precision == shape.precision && $0.isSparse == shape.isSparse }
        }.map { "NaN with points pt \($0.type) ps 1.5 lc rgb \"#333333\" title \(text: $0.title)" as PlotScript }
        let latencies = map { 1e3 * $0.latency.p50 }
        let range: PlotScript = "[\((latencies.min() ?? 0.01) / 1.5):\((latencies.max() ?? 1) * 1.8)]"
        return Picture(
            "variants",
            caption: "Accuracy against the median latency of a single image; beside each variant its size.",
            size: (1100, 640), data: data,
            body: """
                set xlabel "latency of a single image, p50, ms"
                set ylabel "test accuracy, %" offset 1,0
                set logscale x
                set xtics (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100)
                set xrange \(range)
                set offsets 0, 0, graph 0.08, graph 0.08
                set tmargin 6
                set key maxrows 2 width 1
                plot DATA using 1:2:4:5 with points pt variable ps 1.5 lw 1.5 lc rgb variable notitle, \\
                     DATA using 1:2:(sprintf("%.0f KB", $3)) with labels offset 0,1 font "sans,10" \\
                     textcolor rgb "#333333" notitle, \\
                     \((models + shapes).joinedPlots())
                """)
    }

    /// gnuplot's point types: squares and circles, filled or hollow.
    private static var shapes: [(precision: Variant.Precision, isSparse: Bool, type: Int, title: String)] {
        [
            (.float32, false, 7, "f32"), (.float32, true, 6, "f32, pruned"), (.int8, false, 5, "int8"),
            (.int8, true, 4, "int8, pruned"),
        ]
    }
}
