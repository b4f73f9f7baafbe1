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
    /// The figure of accuracy against the latency of a single image, which shows what each variant trades for what, and
    /// below it the size of each variant under its name.
    ///
    /// A colour stands for the architecture, a shape for the precision, and a hollow shape for cut weights. The axis of
    /// latency is logarithmic, because variants differ by orders of magnitude; that of accuracy shows a point at least,
    /// and bars are the intervals that the number of test images leaves (``WilsonInterval``).
    package var picture: Picture {
        var models: [String] = []
        for measured in self where !models.contains(measured.variant.model.name) {
            models.append(measured.variant.model.name)
        }
        // From the most accurate; of equal ones the smaller first.
        let sorted = self.sorted { ($0.accuracy, -$0.variant.byteCount) > ($1.accuracy, -$1.variant.byteCount) }
        var data = [
            "# p50_ms,accuracy_percent,low,high,kilobytes,row,point_type,colour,model,precision,percent_of_zeros"
        ]
        var ends: [Double] = []
        for (row, measured) in sorted.enumerated() {
            let variant = measured.variant
            let model = models.firstIndex(of: variant.model.name) ?? 0
            let shape = Self.shapes.firstIndex { $0.precision == variant.precision && $0.isSparse == measured.isSparse }
            let interval = WilsonInterval(measured.accuracy, of: measured.testCount)
            let accuracies = [
                measured.accuracy, interval?.low ?? measured.accuracy, interval?.high ?? measured.accuracy,
            ]
            ends += accuracies.map { 100 * $0 }
            data.append(
                (["\(1e3 * measured.latency.p50)"] + accuracies.map { "\(100 * $0)" }
                    + [
                        "\(Double(variant.byteCount) / 1e3)", "\(-row)", "\(shape.map { Self.shapes[$0].type } ?? 1)",
                        "\(Colour.all[model % Colour.all.count].rgb)", Picture.cell(text: variant.model.name),
                        variant.precision.rawValue, NumberText.fixed(100 * variant.sparsity, 1),
                    ]).joined(separator: ","))
        }
        let shapes = Self.shapes.filter { shape in
            contains { $0.variant.precision == shape.precision && $0.isSparse == shape.isSparse }
        }
        let marks =
            models.enumerated().map { i, name -> PlotScript in
                """
                NaN with points pt 7 ps 0.7 lc rgb \(Colour.all[i % Colour.all.count]) \
                title \(text: Panel.cut(name, to: 32))
                """
            }
            + shapes.map {
                "NaN with points pt \($0.type) ps 0.7 lc rgb \"#333333\" title \(text: $0.title)" as PlotScript
            }
        let latencies = map { 1e3 * $0.latency.p50 }
        let names = sorted.map { measured in
            let shape = Self.shapes.first {
                $0.precision == measured.variant.precision && $0.isSparse == measured.isSparse
            }
            return Panel.cut("\(measured.variant.model.name) \(shape?.title ?? "")", to: 30)
                + "  \(NumberText.percent(measured.accuracy, 2))"
        }
        let sizes = map { Double($0.variant.byteCount) / 1e3 }
        let counts = Set(map(\.testCount))
        return Picture(
            "variants",
            caption:
                "Accuracy against the median latency of a single image, and the size of each variant's weights, the "
                + "most accurate first. " + Picture.intervalWords(counts.count == 1 ? counts.first : nil)
                + " Variants that were tried on the same images differ by less than that for chance.",
            data: data,
            rows: [
                [
                    Panel(
                        "test accuracy against latency", height: 300,
                        key: models.map { Panel.cut($0, to: 32) } + shapes.map(\.title),
                        body: """
                            set xlabel "latency of a single image, median, ms"
                            set ylabel "test accuracy, %"
                            \(Picture.logAxis("x", latencies))
                            \(Picture.accuracyAxis(ends))
                            plot DATA using 1:3:(0):($4-$3) with vectors nohead lw 1 lc rgb "#999999" notitle, \\
                                 DATA using 1:2:7:8 with points pt variable ps 0.8 lw 1.5 lc rgb variable notitle, \\
                                 \(marks.joinedPlots())
                            """)
                ],
                [
                    Panel(
                        "size of the weights in KB, from the most accurate", height: 22 * sorted.count,
                        left: 24 + 8 * (names.map(\.count).max() ?? 0), right: 90, bottom: 12,
                        body: """
                            unset grid
                            set border 0
                            unset xtics
                            set xrange [0:\(sizes.max() ?? 1)]
                            set yrange [\(Double(1 - sorted.count) - 0.6):0.6]
                            set ytics (\(names.enumerated().map { "\(tic: $1) \(-$0)" as PlotScript }.joined(by: ", "))) scale 0
                            set style fill solid noborder
                            plot DATA using (0):6:(0):5:($6-0.35):($6+0.35):8 with boxxyerror lc rgb variable notitle, \\
                                 DATA using 5:6:(sprintf(" %.0f", $5)) with labels left notitle
                            """)
                ],
            ])
    }

    /// gnuplot's point types: squares and circles, filled or hollow.
    private static var shapes: [(precision: Variant.Precision, isSparse: Bool, type: Int, title: String)] {
        [
            (.float32, false, 7, "f32"), (.float32, true, 6, "f32, pruned"), (.int8, false, 5, "int8"),
            (.int8, true, 4, "int8, pruned"),
        ]
    }
}
