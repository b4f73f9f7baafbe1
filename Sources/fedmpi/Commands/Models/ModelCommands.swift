import ArgumentParser
import FedCore
import Foundation
import Recording
import RunStore

/// The command `fedmpi models`: what can be trained, and what has been trained and registered.
///
/// Registered models lie in the results folder, their facts in the history and their files in `registered-models`. Every
/// command that takes a trained model takes `NAME@ALIAS` (``ModelArgument``).
struct ModelCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "Describe models to train; register and name trained ones.",
        discussion: """
            fedmpi models edgecnn-small                      layers, shapes and cost
            fedmpi models register digits results/my-run     version 1, with its lineage
            fedmpi models alias digits@1 champion            what digits@champion means
            fedmpi predict --model digits@champion --dataset fashion-mnist
            """,
        subcommands: [
            ModelDescription.self, RegisterModel.self, ModelList.self, ModelDetails.self, AliasModel.self,
            TagModel.self,
            CopyModel.self, CollectModels.self,
        ],
        defaultSubcommand: ModelDescription.self)
}

/// What a user gives where a trained model is wanted.
enum ModelArgument {
    /// The path of a model's file: the registered file of a reference such as `digits@champion`, which is checked against its digest;
    /// the folder of a run, given by its name; else what was given. A file or folder of that name goes first.
    ///
    /// - Parameter results: the folder whose registry is asked.
    /// - Throws: `ConfigurationError` when there is no such version, or its file is not what was registered.
    static func path(of text: String, results: String = HistoryOptions.folder) throws -> String {
        guard !FileManager.default.fileExists(atPath: text) else { return text }
        guard text.contains("@") else {
            let run = "\(results)/\(text)"
            return FileManager.default.fileExists(atPath: "\(run)/\(RunFolder.modelName)") ? run : text
        }
        let reference = try ModelReference(text)
        let store = try RunStore(results: results)
        let model = try store.model(reference)
        _ = try store.contents(of: model)
        return store.file(of: model).relativePath
    }
}

/// Which registered model a command is about, and where the registry is.
struct RegisteredModelOptions: ParsableArguments {
    @OptionGroup var history: HistoryOptions

    /// A reference, as ``ModelReference`` reads it.
    @Argument(help: "NAME@VERSION, NAME@ALIAS, NAME@latest or NAME@sha256:DIGITS; `show NAME` shows the latest.")
    var model: String

    /// Opens the registry and finds the version that is meant now.
    ///
    /// - Parameter isLookedAt: whether a name alone means its newest version, which is right where nothing is changed.
    /// - Throws: `ConfigurationError` without a history, or when there is no such version; `RunStoreError`.
    func find(isLookedAt: Bool = false) throws -> (store: RunStore, model: RegisteredModel) {
        let store = try history.open()
        let text = isLookedAt && !model.contains("@") ? "\(model)@\(ModelReference.latest)" : model
        return (store, try store.model(try ModelReference(text)))
    }
}

/// The command `fedmpi models list`: a line for each registered version.
///
/// Prints a table, or one JSON object a line. Exit codes: 0, also for no models; 2 without a history. For what can be trained see
/// ``ModelDescription``: `fedmpi models` alone.
struct ModelList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List registered models, the newest version of each first.")

    @OptionGroup var history: HistoryOptions

    /// Compared letter by letter; nil lists all.
    @Argument(help: "Only versions of this model.")
    var name: String?

    @Flag(help: "Print one JSON object per line instead of a table.")
    var json = false

    /// Asks the registry and prints. Nothing is written, and no file is read: `show` checks one.
    ///
    /// - Throws: `ConfigurationError` without a history; `RunStoreError` when it cannot be read.
    func run() throws {
        let store = try history.open()
        let (models, aliases) = (try store.models(named: name), try store.aliases(of: name))
        /// The aliases that mean a version now.
        func names(_ model: RegisteredModel) -> [String] {
            aliases.filter { $0.name == model.name && $0.version == model.version }.map(\.alias)
        }
        if json {
            for model in models {
                Console.output(try RunJSON.text(of: RegistryText.Line(model: model, aliases: names(model))))
            }
            return
        }
        var table = TextTable([
            ("model", .left), ("aliases", .left), ("architecture", .left), ("precision", .left), ("KB", .right),
            ("accuracy", .right), ("run", .left), ("registered", .right),
        ])
        for model in models {
            table.add([
                model.reference, names(model).joined(separator: " "), model.contents.architecture,
                model.contents.precision, Format.kilobytes(model.bytes), Format.percent(model.accuracy),
                model.run?.name ?? "-", RunText.date(model.registeredAt),
            ])
        }
        Console.output(models.isEmpty ? "no registered models" : table.text)
    }
}

/// The command `fedmpi models show`: all that is known of one version.
///
/// Prints lines, or one JSON object. The version's file is read and checked. Exit codes: 0; 2 when there is no such version, or its
/// file is gone or changed.
struct ModelDetails: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a registered model: signature, lineage, metrics, tags, history of aliases."
    )

    @OptionGroup var choice: RegisteredModelOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    /// Finds the version, checks its file, and prints. The lineage is followed by digests, so a parent that was deleted ends it.
    ///
    /// - Throws: `ConfigurationError` when there is no such version, or its file is not what was registered.
    func run() throws {
        let (store, found) = try choice.find(isLookedAt: true)
        _ = try store.contents(of: found)
        let all = try store.models()
        var lineage: [RegisteredModel] = []
        while let digest = (lineage.last ?? found).parent, let parent = all.first(where: { $0.digest == digest }),
            !lineage.contains(parent)
        {
            lineage.append(parent)
        }
        let everything = RegistryText.Everything(
            model: found,
            aliases: try store.aliases(of: found.name).filter { $0.version == found.version }.map(\.alias),
            tags: try store.tags(of: found), madeFrom: Self.names(lineage, of: found),
            madeOfIt: all.filter { $0.parent == found.digest }.map(\.reference), moves: try store.moves(of: found.name),
            servedBy: try store.served(found.name).filter {
                $0.version == found.version && $0.isServed(at: .now)
            })
        Console.output(
            json ? try RunJSON.text(of: everything) : everything.text(file: store.file(of: found).relativePath))
    }

    /// What a version was made from, the nearest first; at the end the digest of what is not registered.
    private static func names(_ lineage: [RegisteredModel], of model: RegisteredModel) -> [String] {
        let end = (lineage.last ?? model).parent.flatMap { digest in
            lineage.contains { $0.digest == digest } ? nil : "sha256:\(digest.prefix(12)) (not registered)"
        }
        return lineage.map(\.reference) + (end.map { [$0] } ?? [])
    }
}
