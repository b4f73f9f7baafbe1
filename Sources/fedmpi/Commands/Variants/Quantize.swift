public import ArgumentParser
import Datasets
import Experiments
import FedCore
import NeuralNet

extension CalibrationMethod: ExpressibleByArgument {}

/// The command `fedmpi quantize`: makes an 8-bit variant of a trained model, without training it again.
///
/// Weights get a scale for each output channel, activations one for each tensor; the latter are found by passing
/// some training images through the model (`QuantizedModel`). The file has about a quarter of the size.
///
/// Only rank 0 runs it. Prints a table of both variants and the change of accuracy, writes one weights file. Exit
/// codes: 0; 2 for a model, data or options that do not work, and for a file that cannot be written.
struct Quantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Make an int8 variant of a trained model.",
        discussion: "fedmpi quantize --model results/example --output edgecnn-large.int8.safetensors")

    /// A path, or a reference such as `digits@champion`.
    @Option(help: "The trained model: a run's folder, or a safetensors file.")
    var model: String

    /// Checked before the work begins.
    @Option(help: "Where the variant goes.")
    var output: String

    @OptionGroup var overwrite: OverwriteOption
    @OptionGroup var json: JSONOption

    /// Number of training images for the calibration, spread evenly over the training split, which may be sorted
    /// by class.
    @Option(help: "Training images that decide about the scales of the activations.")
    var calibration = QuantizedModel.usualSamples

    /// Rule that turns the observed activations into a scale. A single outlier decides under `max`.
    @Option(help: "What of the activations decides: max, percentile (99.99 %), or mse, the least squared error.")
    var method = CalibrationMethod.usual

    /// Data set for the calibration and for the accuracies.
    @OptionGroup var data: TestDataOptions

    @OptionGroup var threads: ThreadOption

    /// Most images of a calibration. The activations of all samples are in memory at once.
    private static let mostCalibration = 10_000

    /// Refuses calibrations without images, or with more than ``mostCalibration``.
    func validate() throws {
        if !(1...Self.mostCalibration).contains(calibration) {
            throw ValidationError("--calibration must be from 1 to \(Self.mostCalibration)")
        }
    }

    /// Calibrates, writes the file, and measures it beside the original.
    ///
    /// - Throws: `ConfigurationError` for what the user can mend; `OneDNNError`.
    func run() throws {
        let trained = try ModelLineage.source(try ModelArgument.path(of: model))
        let file = try OutputFile.weights(output, overwrite)
        let data = try data.open(for: Variant(trained), usesTraining: true)
        let samples = data.train.evenlySpaced(calibration)
        let quantized = Variant(
            try QuantizedModel(trained, samples: data.train.images(samples), method: method))
        try file.write(try quantized.encoded())
        let bar = WorkProgress("measuring", isQuiet: json.isOn)
        let measured = try VariantMeasurement.measure(
            [Variant(trained), quantized], on: data, threads: threads.count, images: 2000, progress: { bar.show($0) })
        bar.clear()
        guard !json.isOn else { return Console.output(try measured.lines().joined(separator: "\n")) }
        Console.output(measured.table.text + "\n\n" + measured.legend)
        let loss = 100 * (measured[0].accuracy - measured[1].accuracy)
        Console.output(
            "int8 \(loss < 0 ? "gains" : "loses") \(Format.fixed(abs(loss), 2)) points of accuracy; calibrated on "
                + "\(Format.grouped(samples.count)) training images (\(method.rawValue))\nwritten   \(output)")
    }
}
