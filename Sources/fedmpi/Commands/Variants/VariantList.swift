import Analysis
import ArgumentParser
import Datasets
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

    @Flag(help: "Print a JSON object for each variant instead of the table.")
    var json = false

    func validate() throws {
        if models.isEmpty { throw ValidationError("name a model") }
        if images < 1 { throw ValidationError("--images must be at least 1") }
    }

    func run() throws {
        let variants = try models.map { try Variant(reading: $0) }
        // Before the work, so that a bad folder is said at once.
        let tests = try tests(of: variants)
        let folder = output.map { URL(fileURLWithPath: $0, isDirectory: true) }
        if let folder { try make(folder) }
        let measured = try VariantMeasurement.measure(
            Array(zip(variants, tests)), threads: threads.count, images: images)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let lines = try measured.map { String(decoding: try encoder.encode($0.record), as: UTF8.self) }
        Console.output(json ? lines.joined(separator: "\n") : measured.table.text)
        guard let folder else { return }
        try draw(measured, lines, in: folder)
    }

    /// The test split that each variant's run kept from training: of one data set, so that the accuracies can be compared.
    private func tests(of variants: [Variant]) throws -> [any Dataset] {
        let names = Set(variants.map(data.name)).sorted()
        guard names.count < 2 else {
            throw ConfigurationError(
                "the models are of different data sets, \(names.joined(separator: " and ")): compare those of one, or "
                    + "name one with --dataset")
        }
        return try variants.map { try data.open(for: $0).test }
    }

    private func make(_ folder: URL) throws(ConfigurationError) {
        do { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) } catch {
            throw ConfigurationError("cannot make '\(folder.relativePath)': \(error.reasonLine)")
        }
    }

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
