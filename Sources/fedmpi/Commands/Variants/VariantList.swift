import Analysis
import ArgumentParser
import Datasets
import Experiments
import FedCore
import Files
import Foundation
import NeuralNet

/// `fedmpi variants`.
struct VariantList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "variants",
        abstract: "Measure variants side by side: size, accuracy, latency of single images, throughput; one picture.",
        discussion: "fedmpi variants results/example small.int8.safetensors --output results/variants")

    @Argument(help: "Trained models: runs' folders, or safetensors files of any variant.")
    var models: [String]

    @Option(help: "Single images of which each variant's latency is taken.")
    var images = 5000

    @OptionGroup var data: TestDataOptions

    @OptionGroup var threads: ThreadOption

    @Option(help: "Folder for variants.json and the picture, its script and its data. (default: none)")
    var output: String?

    @OptionGroup var overwrite: OverwriteOption

    @Flag(help: "Print a JSON object for each variant instead of the table.")
    var json = false

    func validate() throws {
        if models.isEmpty { throw ValidationError("name a model") }
        if images < 1 { throw ValidationError("--images must be at least 1") }
    }

    func run() throws {
        let variants = try models.map { try Variant(reading: $0) }
        try data.refuseDifferent(variants)
        // Test images for each: those that its own run kept from training.
        let tests = try variants.map { try data.open(for: $0) }
        // Before the work, so that a bad folder is said at once.
        let folder = try output.map { try OutputFolder($0, for: Self.files, overwrite).url }
        let measured = try VariantMeasurement.measure(
            Array(zip(variants, tests)), threads: threads.count, images: images)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let lines = try measured.map { String(decoding: try encoder.encode($0.record), as: UTF8.self) }
        Console.output(json ? lines.joined(separator: "\n") : measured.table.text + "\n\n" + measured.legend)
        guard let folder else { return }
        try draw(measured, lines, in: folder)
    }

    private static let files = ["variants.json", "variants.csv", "variants.gp", "variants.png"]

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
        if !json { Console.output("\n" + note) }
    }
}
