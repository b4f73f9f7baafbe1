import ArgumentParser
import FedCore
import Foundation
import RunStore

/// What the commands share that change what is kept of a run.
struct ChosenRun: ParsableArguments {
    @OptionGroup var history: HistoryOptions

    /// What the user typed: the run's number, its name, or the beginning of the name.
    @Argument(help: "The run's number, its folder's name, or how that name begins.")
    var id: String

    @OptionGroup var json: JSONOption

    /// Finds the run.
    ///
    /// - Throws: `ConfigurationError` when no run or several are meant; `RunStoreError` when the history cannot be read.
    func find() throws -> (store: RunStore, run: StoredRun) {
        let store = try history.open()
        return (store, try store.find(id))
    }

    /// Finds a run that is not under way: what trains must find its files.
    ///
    /// - Throws: as ``find()``, and `ConfigurationError` for a run under way.
    func findIdle() throws -> (store: RunStore, run: StoredRun) {
        let found = try find()
        guard found.run.status != .running else {
            throw ConfigurationError("'\(found.run.name)' is under way; stop it first")
        }
        return found
    }

    /// The run's folder; it may be gone.
    func folder(of run: StoredRun) -> URL {
        URL(fileURLWithPath: history.results, isDirectory: true).appendingPathComponent(run.name, isDirectory: true)
    }

    /// Prints a run's labels as they are now.
    func tell(labels of: StoredRun, in store: RunStore) throws {
        let labels = try store.labels(of: of)
        let words = (labels.tags.isEmpty ? ["no tags"] : labels.tags) + (labels.note.map { ["\"\($0)\""] } ?? [])
        try json.print(
            ["run": [of.name], "tags": labels.tags, "note": labels.note.map { [$0] } ?? []],
            "\(of.name): \(words.joined(separator: " "))")
    }
}

/// The command `fedmpi runs tag`: words beside a run, by which the dashboard filters.
///
/// Exit codes: 0; 2 when there is no such run, or a word is no tag.
struct TagRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tag", abstract: "Add tags to a run; -TAG removes one.",
        discussion: "fedmpi runs tag example baseline paper")

    @OptionGroup var choice: ChosenRun

    /// Without any, the tags are only shown.
    @Argument(parsing: .allUnrecognized, help: "Words to add; with a minus before it a word is removed.")
    var tags: [String] = []

    /// Adds and removes.
    /// - Throws: `ConfigurationError` for what is no tag; then none is changed.
    func run() throws {
        let (store, run) = try choice.find()
        var labels = try store.labels(of: run)
        for tag in tags {
            labels.tags.removeAll { $0 == (tag.hasPrefix("-") ? String(tag.dropFirst()) : tag) }
            if !tag.hasPrefix("-") { labels.tags.append(tag) }
        }
        if !tags.isEmpty { try store.label(run, labels) }
        try choice.tell(labels: run, in: store)
    }
}

/// The command `fedmpi runs note`: a sentence beside a run.
///
/// Exit codes: 0; 2 when there is no such run, or the note is too long.
struct NoteRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "note", abstract: "Write a note beside a run; an empty one removes it.",
        discussion: "fedmpi runs note example \"the one of figure 3\"")

    @OptionGroup var choice: ChosenRun

    /// Takes the place of the note before.
    @Argument(help: "The note.")
    var note: String

    /// Writes it.
    /// - Throws: `ConfigurationError` for one that is too long.
    func run() throws {
        let (store, run) = try choice.find()
        try store.label(run, RunLabels(tags: try store.labels(of: run).tags, note: note))
        try choice.tell(labels: run, in: store)
    }
}

/// The command `fedmpi runs rename`: gives a run's folder and all rows of the history that tell of it another name.
///
/// Exit codes: 0; 2 when there is no such run, it is under way, is part of a sweep, or the name is taken or none.
struct RenameRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rename", abstract: "Give a run and its folder another name.")

    @OptionGroup var choice: ChosenRun

    /// A folder's name.
    @Argument(help: "The new name.")
    var name: String

    /// Renames both or neither.
    func run() throws {
        let (store, run) = try choice.findIdle()
        let name = try FolderName(name, option: "name").text
        guard !run.name.contains("/") else {
            throw ConfigurationError("'\(run.name)' is a run of a sweep, whose table knows it by this name")
        }
        let (old, new) = (
            choice.folder(of: run), choice.folder(of: run).deletingLastPathComponent().appendingPathComponent(name)
        )
        guard try store.newest(named: name) == nil, !FileManager.default.fileExists(atPath: new.path) else {
            throw ConfigurationError("there is a run '\(name)' already")
        }
        try store.rename(run.name, to: name) {
            if FileManager.default.fileExists(atPath: old.path) { try FileManager.default.moveItem(at: old, to: new) }
        }
        try choice.json.print(["run": [name], "was": [run.name]], "\(run.name) is now \(name)")
    }
}

/// The command `fedmpi runs delete`: removes a run's folder and what the history has of it.
///
/// Registered models are copies and stay. Exit codes: 0; 2 when there is no such run, it is under way, or `--yes` is missing.
struct DeleteRun: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Delete a run: its folder and its rows in the history.",
        discussion: "Without --yes it says what would go.")

    @OptionGroup var choice: ChosenRun

    /// Deleting cannot be taken back.
    @Flag(help: "Delete it.")
    var yes = false

    /// Deletes, or says what would go.
    func run() throws {
        let (store, run) = try choice.findIdle()
        let folder = choice.folder(of: run)
        let isThere = FileManager.default.fileExists(atPath: folder.path)
        guard yes else {
            let what = isThere ? "the folder '\(folder.relativePath)' and " : ""
            throw ConfigurationError(
                "this would delete \(what)\(run.rounds) rounds of '\(run.name)' in the history; add --yes")
        }
        if isThere {
            // Out of the way in one step, so that nobody sees half of it.
            let away = folder.deletingLastPathComponent().appendingPathComponent(".deleted-\(UUID().uuidString)")
            try FileManager.default.moveItem(at: folder, to: away)
            try store.removeRows(ofRunNamed: run.name)
            try FileManager.default.removeItem(at: away)
        } else {
            try store.removeRows(ofRunNamed: run.name)
        }
        try choice.json.print(["deleted": [run.name]], "deleted \(run.name)")
    }
}
