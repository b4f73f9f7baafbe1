public import ArgumentParser
import Datasets
import Experiments
import FedCore
import NeuralNet

extension CalibrationMethod: ExpressibleByArgument {}

/// `fedmpi quantize`.
struct Quantize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an int8 variant of a trained model, without training it again.",
        discussion: "fedmpi quantize --model results/example --output edgecnn-large.int8.safetensors")

    @Option(help: "The trained model: a run's folder, or a safetensors file.")
    var model: String

    @Option(help: "Where the variant goes.")
    var output: String

    @OptionGroup var overwrite: OverwriteOption

    @Option(help: "Training images that decide about the scales of the activations.")
    var calibration = QuantizedModel.usualSamples

    @Option(help: "What of the activations decides: max, percentile (99.99 %), or mse, the least squared error.")
    var method = CalibrationMethod.usual

    @OptionGroup var data: TestDataOptions

    @OptionGroup var threads: ThreadOption

    /// What the layers make of all samples is in memory at once.
    private static let mostCalibration = 10_000

    func validate() throws {
        if !(1...Self.mostCalibration).contains(calibration) {
            throw ValidationError("--calibration must be from 1 to \(Self.mostCalibration)")
        }
    }

    func run() throws {
        let trained = try TrainedModel(reading: model)
        let file = try OutputFile(output, overwrite)
        let data = try data.open(for: Variant(trained), usesTraining: true)
        let samples = data.train.evenlySpaced(calibration)
        let quantized = Variant(
            try QuantizedModel(trained, samples: data.train.images(samples), method: method))
        try file.write(try quantized.encoded())
        let measured = try VariantMeasurement.measure(
            [Variant(trained), quantized], on: data, threads: threads.count, images: 2000)
        Console.output(measured.table.text + "\n\n" + measured.legend)
        let loss = 100 * (measured[0].accuracy - measured[1].accuracy)
        Console.output(
            "int8 \(loss < 0 ? "gains" : "loses") \(Format.fixed(abs(loss), 2)) points of accuracy; calibrated on "
                + "\(Format.grouped(samples.count)) training images (\(method.rawValue))\nwritten   \(output)")
    }
}
