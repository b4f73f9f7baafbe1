import ArgumentParser
import FedCore
import Foundation
import RunStore

/// The command `fedmpi models alias`: lets a word mean a version, from one moment to the next for all readers, and notes that it did.
///
/// An alias is all that decides which version is served or compared with: versions never change. Exit codes: 0; 2 when there is no such
/// version or alias, or the word cannot be one.
struct AliasModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alias", abstract: "Let an alias, such as champion, mean another version, or remove it.",
        discussion: """
            fedmpi models alias digits@3 champion --note "better on node 7"
            fedmpi models alias digits@champion production   what champion is now
            fedmpi models alias digits champion --remove
            """)

    @OptionGroup var history: HistoryOptions

    @Argument(help: "NAME@VERSION, or with --remove NAME.")
    var model: String

    @Argument(help: "The alias.")
    var alias: String

    /// Then ``model`` is a name alone.
    @Flag(help: "Remove the alias.")
    var remove = false

    /// Shown by `models show`.
    @Option(help: "Why, for the alias' history.")
    var note: String?

    /// Moves or removes it, in one transaction: a reader finds the old version or the new one.
    /// - Throws: `ConfigurationError` when there is no such version or alias.
    func run() throws {
        let store = try history.open()
        if alias.contains("@"), !model.contains("@") {
            throw ConfigurationError(
                "the version comes first: fedmpi models alias \(alias.shellWord) \(model.shellWord)")
        }
        let alias = try ModelReference.checked(alias: alias)
        if remove {
            let name = try ModelReference.checked(name: model)
            _ = try store.move(alias, of: name, to: nil, note: note)
            Console.output("\(name)@\(alias) removed")
            return
        }
        let found = try store.model(try ModelReference(model))
        let before = try store.move(alias, of: found.name, to: found.version, note: note)
        Console.output(
            "\(found.name)@\(alias) means version \(found.version)"
                + (before.map { $0 == found.version ? ", as before" : ", before that \($0)" } ?? ""))
    }
}

/// The command `fedmpi models tag`: notes something of a version, in the place of stages.
///
/// A tag also keeps a version from being collected. Exit codes: 0; 2 when there is no such version, or a tag is none.
struct TagModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Set tags of a registered model: KEY=VALUE, or KEY= to remove one.")

    @OptionGroup var choice: RegisteredModelOptions

    /// An empty value removes a tag.
    @Argument(help: "KEY=VALUE, as many as wanted.")
    var tags: [String]

    /// Sets and removes.
    /// - Throws: `ConfigurationError` when a tag has no '=' or no key; then none is changed.
    func run() throws {
        let (store, found) = try choice.find()
        let pairs = try tags.map { text in
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                throw ConfigurationError("'\(text.printable)' is no tag: say KEY=VALUE")
            }
            return (parts[0], parts[1])
        }
        for (key, value) in pairs { try store.tag(found, key, value.isEmpty ? nil : value) }
        let now = try store.tags(of: found).sorted { $0.key < $1.key }
        Console.output(
            "\(found.reference): "
                + (now.isEmpty ? "no tags" : now.map { "\($0.key)=\($0.value)" }.joined(separator: " ")))
    }
}

/// The command `fedmpi models export`: copies a registered file, byte by byte.
///
/// Who moves a model to another machine compares the digest that is printed. Exit codes: 0; 2 when there is no such version, its file is
/// gone or changed, or the copy cannot be written.
struct CopyModel: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Copy a registered model's file, checked by its digest; `fedmpi export` makes other formats of it.")

    @OptionGroup var choice: RegisteredModelOptions

    /// A pipe or a device, such as `/dev/stdout`, is allowed.
    @Option(help: "The file to write.")
    var to: String

    @OptionGroup var overwrite: OverwriteOption

    /// Reads, checks and writes.
    /// - Throws: `ConfigurationError` for what the user can mend.
    func run() throws {
        let (store, found) = try choice.find()
        let file = try OutputFile(to, overwrite)
        let bytes = try store.contents(of: found)
        try file.write(bytes)
        Console.output(
            "\(found.reference) written to \(to), \(Format.grouped(bytes.count)) bytes, sha256 \(found.digest)")
    }
}

/// The command `fedmpi models gc`: deletes versions that nothing refers to.
///
/// What stays, ``RunStore/unusedModels(beside:)`` says; histories of aliases stay in any case. Exit codes: 0, also when there is nothing to
/// delete; 2 without a history.
struct CollectModels: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract:
            "Delete versions that no alias means, no fleet serves, no tag is on and nothing was made from, but for the newest.",
        discussion: "Without --delete it says what would go.")

    @OptionGroup var history: HistoryOptions

    /// The newest ones, ≥ 0.
    @Option(help: "Versions of each name that stay in any case.")
    var keep = 3

    @Flag(help: "Delete them, and files that no version has any more.")
    var delete = false

    /// Refuses a negative number.
    func validate() throws {
        if keep < 0 { throw ConfigurationError("--keep is \(keep); it must be at least 0") }
    }

    /// Looks, says and deletes. A version that gets an alias in the meantime stays.
    /// - Throws: `ConfigurationError` without a history; `RunStoreError`.
    func run() throws {
        let store = try history.open()
        let unused = try store.unusedModels(beside: keep)
        for model in unused {
            Console.output(
                "\(model.reference)  \(model.contents.architecture) \(model.contents.precision)  \(model.digest.prefix(12))"
            )
        }
        let count = Format.count(unused.count, "version")
        guard delete, !unused.isEmpty else {
            Console.output(unused.isEmpty ? "nothing to delete" : "\(count) would go; --delete deletes them")
            return
        }
        let bytes = try store.delete(unused)
        Console.output("\(count) deleted, \(Format.megabytes(bytes)) freed")
    }
}
