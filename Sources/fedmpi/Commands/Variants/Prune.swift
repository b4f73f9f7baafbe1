public import ArgumentParser
import Experiments
import FedCore
import NeuralNet

extension PruningScope: ExpressibleByArgument {}

/// The command `fedmpi prune`: cuts a trained model's smallest weights, or its weakest channels, and writes the
/// result as a weights file.
///
/// The two differ in what they save. Single weights that become zero make the file smaller and nothing faster,
/// since dense kernels multiply by them; whole channels make the model itself smaller. Accuracy usually falls,
/// and some epochs of fine-tuning on the training split bring part of it back.
///
/// Only rank 0 runs it. Prints a table of the model before and after. Exit codes: 0; 2 for a model, data or
/// options that do not work, and for a file that cannot be written.
struct Prune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove a trained model's smallest weights, or whole channels.",
        discussion: """
            fedmpi prune --model RUN --sparsity 0.8 --fine-tune 1 --output b.safetensors
            fedmpi prune --model RUN --sparsity 0.5 --structured --output b.safetensors
            fedmpi prune --model RUN --width 0.25 --output b.safetensors

            Zeros make the file smaller, not the model faster: the processor multiplies by them. A structured cut takes
            whole channels and hidden units out, which does both. A model whose clients trained parts of it (--strategy
            heterofl, fjord) has these as its first channels: --width gives each class of devices its own.
            """)

    /// A path, or a reference such as `digits@champion`.
    @Option(help: "The trained model: a run's folder, or a safetensors file of 32-bit floats.")
    var model: String

    /// Share to cut, in [0, 1]; of a layer's channels one stays in any case. Nil with a width.
    @Option(help: "The share to cut, in [0, 1]: of the weights, or of each layer's channels.")
    var sparsity: Double?

    /// Width of a client's model, in (0, 1]; nil with a share to cut.
    @Option(
        help:
            "The width to keep, above 0 and up to 1: each layer's first channels, as clients of heterofl and fjord have them."
    )
    var width: Double?

    /// Whether channels and hidden units are removed, instead of weights set to zero.
    @Flag(help: "Cut whole channels and hidden units.")
    var structured = false

    /// The weights that are compared with each other; nil is global. Refused for channels, which are compared in
    /// their layer.
    @Option(help: "Which weights are compared: global (all) or layer (those of each layer). (default: global)")
    var scope: PruningScope?

    /// Epochs of fine-tuning, ≥ 0.
    @Option(help: "Epochs of training on the training split afterwards; what was cut stays cut.")
    var fineTune = 0

    /// Learning rate of the training that follows the cut, > 0.
    @Option(help: "Its learning rate; the momentum is 0.9, a batch has 32 images.")
    var learningRate: Float = 0.01

    /// Decides the order of samples in that training.
    @Option(help: "Seed of its order of images.")
    var seed: UInt64 = 1

    /// Checked before the work begins.
    @Option(help: "Where the variant goes.")
    var output: String

    @OptionGroup var overwrite: OverwriteOption
    @OptionGroup var json: JSONOption

    /// Data set for fine-tuning and for the accuracies.
    @OptionGroup var data: TestDataOptions

    @OptionGroup var threads: ThreadOption

    /// Refuses values out of range, and a scope for channels.
    func validate() throws {
        if (sparsity == nil) == (width == nil) { throw ValidationError("give --sparsity or --width") }
        if let sparsity, !(0...1).contains(sparsity) { throw ValidationError("--sparsity must be in [0, 1]") }
        if let width, !(width > 0 && width <= 1) { throw ValidationError("--width must be in (0, 1]") }
        if width != nil && structured { throw ValidationError("--width cuts whole channels without --structured") }
        if cutsChannels && scope != nil {
            throw ValidationError(
                "--scope is about single weights; --structured and --width cut channels of each layer")
        }
        if fineTune < 0 { throw ValidationError("--fine-tune must not be negative") }
        if !(learningRate > 0 && learningRate.isFinite) { throw ValidationError("--learning-rate must be positive") }
    }

    /// Whether the model itself becomes smaller.
    private var cutsChannels: Bool { structured || width != nil }

    /// Cuts as the options say.
    private func cut(_ trained: TrainedModel) throws(ConfigurationError) -> TrainedModel {
        if let width { return try trained.nested(width) }
        let sparsity = sparsity ?? 0
        return structured ? try trained.narrowed(sparsity) : trained.pruned(sparsity, scope: scope ?? .global)
    }

    /// Cuts, fine-tunes, writes the file, and measures it beside the original.
    ///
    /// The accuracy straight after the cut is taken, too: without it nobody could tell what fine-tuning did. The
    /// file is written before the measurements, so that stopping these loses nothing.
    ///
    /// - Throws: `ConfigurationError` for what the user can mend; `OneDNNError`.
    func run() throws {
        let trained = try ModelLineage.source(try ModelArgument.path(of: model))
        let file = try OutputFile.weights(output, overwrite)
        let data = try data.open(for: Variant(trained), usesTraining: fineTune > 0)
        var pruned = try cut(trained)
        let untuned = try VariantMeasurement.accuracy(of: Variant(pruned), on: data.test, threads: threads.count)
        if fineTune > 0 {
            let tuning = FineTuning(epochs: fineTune, learningRate: learningRate, seed: seed, threads: threads.count)
            let bar = WorkProgress("fine-tuning", isQuiet: json.isOn)
            pruned = try tuning.tuned(pruned, on: data, keepsZeros: !cutsChannels, progress: { bar.show($0) })
            bar.clear()
        }
        let variant = Variant(pruned)
        try file.write(try variant.encoded())
        let bar = WorkProgress("measuring", isQuiet: json.isOn)
        let measured = try VariantMeasurement.measure(
            [Variant(trained), variant], on: data, threads: threads.count, images: 2000, progress: { bar.show($0) })
        bar.clear()
        guard !json.isOn else { return Console.output(try measured.lines().joined(separator: "\n")) }
        Console.output(measured.table.text + "\n\n" + measured.legend)
        if fineTune > 0 {
            Console.output(
                "          \(Format.percent(untuned)) after the cut, \(Format.percent(measured[1].accuracy)) after "
                    + "\(Format.count(fineTune, "epoch")) of fine-tuning")
        }
        if !cutsChannels {
            Console.output("\nthe zeros make the file smaller; the dense kernels multiply by them all the same")
        }
        Console.output("written   \(output)")
    }
}
