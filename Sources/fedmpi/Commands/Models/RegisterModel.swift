import ArgumentParser
import Cryptography
import Experiments
import FedCore
import Files
import Foundation
import NeuralNet
import Recording
import Records
import RunStore

/// The command `fedmpi models register`: makes a trained model a version of a name, with all that is known of where it comes from.
///
/// Where no run says how accurate it is, as of a quantised model, that is counted on the test data that the file names. What it was made
/// from is known of variants that `quantize` and `prune` made, and of students of `distill`.
///
/// The file is copied: run folders may be deleted. Exit codes: 0, also when these bytes are a version already; 2 for what is no model,
/// or a run whose model has been changed since.
struct RegisterModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "register", abstract: "Register a run's model, or a model file, as the next version of a name.")

    @OptionGroup var history: HistoryOptions

    /// All its versions have it; the first one makes it.
    @Argument(help: "The model's name: letters, digits, '-', '_' and '.'.")
    var name: String

    /// A run stands for the weights that it ended with; runs are looked for in the history.
    @Argument(help: "A run (its folder, name or number), or a safetensors file of any variant.")
    var source: String

    /// For files that do not tell it.
    @Option(
        help:
            "The registered model that it was made from, NAME@VERSION. (default: as the file, or its run's teacher, says)"
    )
    var madeFrom: String?

    /// Moved once the version is there; a registered version without its alias is no harm.
    @Option(help: "An alias that means the new version from now on.")
    var alias: String?

    /// Where no run says how accurate the model is.
    @OptionGroup var data: TestDataOptions

    /// Reads, checks, copies and notes.
    ///
    /// - Throws: `ConfigurationError` for what the user can mend; `RunStoreError`; `FileError`.
    func run() throws {
        _ = try ModelReference.checked(name: name)
        if let alias { _ = try ModelReference.checked(alias: alias) }
        let store = try RunStore(at: URL(fileURLWithPath: history.results).appendingPathComponent(RunStore.fileName))
        let parent = try madeFrom.map { try store.model(try ModelReference($0)).digest }
        let file = try Self.file(source, store, results: history.results)
        let variant = try Variant(reading: file.path)
        let bytes = try ReceivedFile.contents(file)
        let digest = SHA256.hash(bytes).hexadecimal
        let run = try Self.run(of: file, digest, store)
        let model = RegisteredModel(
            name: name, digest: digest, bytes: bytes.count, source: source,
            contents: Self.contents(variant, accuracy: run?.accuracy == nil ? accuracy(variant) : nil),
            run: run, parent: parent ?? ModelLineage.parent(of: file, variant))
        let (registered, isNew) = try store.register(model, bytes)
        if let alias { _ = try store.move(alias, of: name, to: registered.version, note: "registered") }
        Console.output(
            (isNew ? "\(registered.reference) registered" : "these bytes are \(registered.reference) already")
                + ", \(variant.name), \(Format.grouped(bytes.count)) bytes, sha256 \(digest)"
                + (registered.accuracy.map { "\naccuracy \(Format.percent($0))" } ?? "")
                + (alias.map { "\n\(name)@\($0) means version \(registered.version)" } ?? ""))
    }

    /// The file that is meant: a path goes before a run of that name, as everywhere a model is wanted.
    /// - Returns: of a folder, its `model.safetensors`, which need not be there.
    /// - Throws: `ConfigurationError` when it is neither a path nor a run; `RunStoreError`.
    private static func file(_ source: String, _ store: RunStore, results: String) throws -> URL {
        if let file = ModelLineage.file(at: source) { return file }
        let run = try store.find(source)
        return URL(fileURLWithPath: results).appendingPathComponent(run.name).appendingPathComponent(
            RunFolder.modelName)
    }

    /// What a variant's file holds: its signature, and of its metadata what the signature does not say already.
    private static func contents(_ variant: Variant, accuracy: Double?) -> ModelContents {
        let described = ["model", "precision", "model_input", "model_outputs"]
        return ModelContents(
            architecture: variant.model.text, precision: variant.precision.rawValue,
            parameters: variant.model.parameterCount, input: variant.model.input.extents,
            outputs: variant.model.classes, metadata: variant.metadata.filter { !described.contains($0.key) },
            accuracy: accuracy)
    }

    /// The accuracy on the test data that a file names.
    /// - Returns: nil, with a note on standard error, where the data are not here, or are not what the model takes.
    private func accuracy(_ variant: Variant) -> Double? {
        guard variant.metadata["dataset"] != nil || data.dataset != nil else { return nil }
        do {
            let data = try data.open(for: variant)
            let bar = WorkProgress("counting the accuracy")
            defer { bar.clear() }
            return try VariantMeasurement.accuracy(of: variant, on: data.test, threads: 1) { bar.show($0) }
        } catch {
            Console.error("fedmpi: note: registered without its accuracy: \(error.line)")
            return nil
        }
    }

    /// The run whose model a file is.
    /// - Returns: nil for a file that no run has left under this name.
    /// - Throws: `ConfigurationError` when the run has left another one.
    private static func run(of file: URL, _ digest: String, _ store: RunStore) throws -> ModelRun? {
        guard file.lastPathComponent == RunFolder.modelName,
            let run = try store.newest(named: file.deletingLastPathComponent().lastPathComponent)
        else { return nil }
        let left = try store.artefacts(of: run).first { $0.file == RunFolder.modelName }?.sha256
        guard left == nil || left == digest else {
            throw ConfigurationError(
                "'\(file.relativePath)' is not the model that run '\(run.name)' left: it has been changed since")
        }
        let last = try store.rounds(of: run).last
        return ModelRun(
            name: run.name, round: run.rounds, strategy: run.strategy, dataset: run.dataset, accuracy: run.accuracy,
            loss: run.loss, metrics: last?.metrics ?? [:])
    }
}
