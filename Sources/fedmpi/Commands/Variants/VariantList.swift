import Analysis
import ArgumentParser
import Datasets
import Experiments
import FedCore
import Files
import Foundation
import NeuralNet

/// The command `fedmpi variants`: measures variants side by side on this machine.
///
/// For each it takes size, accuracy, latency of single images and throughput in batches, and draws accuracy
/// against latency: the picture from which the models for a fleet are chosen. Variants are measured in turns, so
/// that another program on the machine disturbs all alike.
///
/// Only rank 0 runs it. With `--output` it writes `variants.json` (an object a line), and the picture with its
/// script and data. Exit codes: 0, also when no picture can be drawn; 2 for models, data or a folder that do not
/// work.
struct VariantList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "variants",
        abstract: "Measure variants: size, accuracy, latency, throughput.",
        discussion: "fedmpi variants results/example small.int8.safetensors --output results/variants")

    /// Paths of the models, at least one.
    @Argument(help: "Trained models: runs' folders, or safetensors files of any variant.")
    var models: [String]

    /// Images of each variant that are timed singly, ≥ 1.
    @Option(help: "Single images of which each variant's latency is taken.")
    var images = 5000

    @OptionGroup var data: TestDataOptions

    @OptionGroup var threads: ThreadOption

    /// Folder for the files; nil writes none.
    @Option(help: "Folder for variants.json and the picture, its script and its data. (default: none)")
    var output: String?

    @OptionGroup var overwrite: OverwriteOption

    @OptionGroup var json: JSONOption

    /// Refuses an empty list and no images.
    func validate() throws {
        if models.isEmpty { throw ValidationError("name a model") }
        if images < 1 { throw ValidationError("--images must be at least 1") }
    }

    /// Measures, prints, and writes.
    ///
    /// Each variant is tried on the test images that its own run kept from training: seeds may have held out
    /// others.
    ///
    /// - Throws: `ConfigurationError` for what the user can mend; `OneDNNError`.
    func run() throws {
        let variants = try models.map { try Variant(reading: ModelArgument.path(of: $0)) }
        try data.refuseDifferent(variants)
        // Test images for each: those that its own run kept from training.
        let tests = try variants.map { try data.open(for: $0) }
        // Before the work, so that a bad folder is said at once.
        let folder = try output.map { try OutputFolder($0, for: Self.files, overwrite).url }
        let bar = WorkProgress("measuring", isQuiet: json.isOn)
        let measured = try VariantMeasurement.measure(
            Array(zip(variants, tests)), threads: threads.count, images: images, progress: { bar.show($0) })
        bar.clear()
        let lines = try measured.lines()
        Console.output(json.isOn ? lines.joined(separator: "\n") : measured.table.text + "\n\n" + measured.legend)
        guard let folder else { return }
        try draw(measured, lines, in: folder)
    }

    /// Names of the files that `--output` gets, all of which must be free.
    private static let files = ["variants.json", "variants.csv", "variants.gp", "variants.png"]

    /// Writes `variants.json` and draws; with `--json` nothing is said of it, since standard output is for
    /// objects.
    ///
    /// - Parameters:
    ///   - measured: The measurements.
    ///   - lines: The same as objects of JSON.
    ///   - folder: Folder for the files.
    /// - Throws: `ConfigurationError` when the folder cannot be written to.
    private func draw(_ measured: [VariantMeasurement], _ lines: [String], in folder: URL) throws {
        let outcome: Gnuplot.Outcome
        do {
            try folder.appendingPathComponent("variants.json")
                .replaceContents(with: lines.joined(separator: "\n") + "\n")
            outcome = try Gnuplot.draw([measured.picture], in: folder)
        } catch {
            throw ConfigurationError("cannot write in '\(folder.path)': \(error.reasonLine)")
        }
        let note =
            switch outcome {
            case .drawn: "picture   \(folder.relativePath)/variants.png"
            case .missing: Gnuplot.advice
            case .failed(let reason): "no picture: gnuplot says: \(reason)"
            }
        if !json.isOn { Console.output("\n" + note) }
    }
}

extension [VariantMeasurement] {
    /// Each as an object of JSON, as `variants.json` and `--json` have them.
    ///
    /// - Throws: `EncodingError`.
    func lines() throws -> [String] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return try map { String(decoding: try encoder.encode($0.record), as: UTF8.self) }
    }
}
