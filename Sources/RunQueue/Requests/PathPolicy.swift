import FedCore
import Files
import Foundation
import RunStore

/// Which files and folders of this host a request's settings may name. Settings come over a network, and whoever asks for runs is
/// not whoever may read everything here.
///
/// Allowed are registered models by their references, whatever is below the results folder, and what is below the folders that
/// the operator has named. Where a path leads, through symbolic links as well, counts.
///
/// | setting | is a path |
/// |---|---|
/// | `teacher`, `init` | unless it is a reference to a registered model; behind `onnx:` as well |
/// | `model` | when it ends in `.yaml` or `.yml`, or begins with `onnx:` or `external:` |
/// | `fleet` | when it ends in `.yaml` or `.yml`; a fleet as text that names a record of days is refused |
/// | `dataset` | behind the colon, but for the shape of `synthetic` |
/// | `dataset-options`, `partition-options` and the like | the options `test` and `file` |
/// | `noise-key` | always, and it may be made there: the operator's folders only |
/// | any other | when it has a slash |
/// | `results`, `run-name` | refused: the queue gives them |
struct PathPolicy {
    /// The results folder and the operator's, as they really are.
    private let folders: [String]
    /// The operator's, in which also files may be made.
    private let ownFolders: [String]

    /// Settings of the output that the queue itself gives.
    private static let queueOwn = ["results", "run-name", "config", "resume", "from"]

    /// Takes the folders of a configuration. Those that are not there allow nothing.
    init(_ configuration: QueueConfiguration) {
        ownFolders = configuration.readableFolders.map(Self.real)
        folders = [Self.real(configuration.results)] + ownFolders
    }

    /// Refuses a request whose settings name what they may not; as below.
    func check(_ request: RunRequest) throws(ConfigurationError) {
        for settings in request.givenSettings { try check(settings) }
    }

    /// Refuses settings that name what they may not. Whether there is anything at a path that is refused is not told.
    ///
    /// - Parameter settings: as a request gives them, by name.
    /// - Throws: `ConfigurationError` for the first.
    func check(_ settings: [String: RequestedValue]) throws(ConfigurationError) {
        for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
            guard !Self.queueOwn.contains(name) else {
                throw ConfigurationError("--\(name) is given by the queue, and not by a request's settings")
            }
            for text in Self.paths(in: value, of: name) {
                let allowed = name == "noise-key" ? ownFolders : folders
                guard isAllowed(text, below: allowed) else {
                    throw ConfigurationError(
                        "--\(name): '\(text.printable)' is not in a folder that requests may name here"
                            + (["teacher", "init"].contains(name) ? "; a registered model, NAME@latest, can be" : ""))
                }
            }
        }
    }

    /// Whether a path leads below one of these folders.
    private func isAllowed(_ path: String, below folders: [String]) -> Bool {
        let real = Self.real(path)
        return folders.contains { !$0.isEmpty && (real == $0 || real.hasPrefix($0 == "/" ? "/" : $0 + "/")) }
    }

    /// The paths that a setting's value names.
    ///
    /// - Parameters:
    ///   - value: the value, or one of a list or mapping.
    ///   - name: the setting's name; empty within a mapping.
    private static func paths(in value: RequestedValue, of name: String) -> [String] {
        switch value {
        case .flag: return []
        case .number(let text): return paths(in: .text(text), of: name)
        case .list(let values): return values.flatMap { paths(in: $0, of: name) }
        case .mapping(let values):
            return values.flatMap { key, value in
                isFileOption(key) ? [value.scalar ?? ""] : paths(in: value, of: "")
            }
        case .text(let text):
            switch name {
            case "teacher", "init":
                let path = text.hasPrefix("onnx:") ? String(text.dropFirst(5)) : text
                // A reference has no slash; a file of that name in the folder where the server runs would go first.
                let isReference = (try? ModelReference(path)) != nil && !FileManager.default.fileExists(atPath: path)
                return isReference ? [] : [path]
            case "noise-key": return [text]
            case "dataset": return text.contains(":") ? argument(text) : []
            case "model":
                if text.hasPrefix("onnx:") || text.hasPrefix("external:") { return argument(text) }
                return isDescription(text) || text.contains("/") ? [text] : []
            case "fleet":
                if isDescription(text) { return [text] }
                // A fleet as text may name the record of its days.
                let record = text.split(separator: ";").first { $0.contains("trace") || $0.contains("/") }
                return record.map { ["/\($0)"] } ?? []
            default:
                if name.hasSuffix("-options"), let options = try? NamedOptions(parsing: text) {
                    return paths(in: .mapping(options.values.mapValues { .text($0) }), of: name)
                }
                // What has a slash is a path, whatever a setting may make of it.
                return text.contains("/") ? [text] : []
            }
        }
    }

    /// Whether an option of a plug-in is a file: of tables and pictures for tests, of who gets which samples.
    private static func isFileOption(_ name: String) -> Bool { ["test", "file"].contains(name) }

    /// Whether a text is the name of a file that describes a model or a fleet.
    private static func isDescription(_ text: String) -> Bool { text.hasSuffix(".yaml") || text.hasSuffix(".yml") }

    /// What follows the first colon, if it is not the shape of generated data.
    private static func argument(_ text: String) -> [String] {
        if text.hasPrefix("synthetic:"), !text.contains("/") { return [] }
        let argument = String(text.drop { $0 != ":" }.dropFirst())
        return argument.isEmpty ? [] : [argument]
    }

    /// Where a path leads, as far as it is there; the rest as it is written, without `..`.
    private static func real(_ path: String) -> String {
        guard !path.isEmpty, !path.contains("\0") else { return "" }
        var missing: [String] = []
        var place = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
        while true {
            if let real = realpath(place, nil) {
                defer { free(real) }
                // Behind a part that is not there, `..` would be taken for what it is not.
                guard !missing.contains("..") else { return "" }
                let base = String(cString: real)
                return ([base == "/" ? "" : base] + missing.reversed()).joined(separator: "/")
            }
            guard place != "/" else { return "" }
            let name = place.split(separator: "/", omittingEmptySubsequences: false).last.map { String($0) } ?? ""
            if !name.isEmpty, name != "." { missing.append(name) }
            place = Folder.above(place)
        }
    }
}
