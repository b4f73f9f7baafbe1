import FedCore
import Foundation
import Yams

/// `--config run.yaml`: a mapping from option names to values. It is turned into arguments that stand before the
/// command line's own, so that flags override the file and both are checked by the same parser.
enum ConfigurationFile {
    /// Replaces `--config FILE` by the file's contents.
    static func expand(_ arguments: [String]) throws -> [String] {
        var rest = arguments
        guard let path = try removeOption(from: &rest) else { return arguments }
        let words = ["train", "distill", "split-train", "partition"]
        let command = rest.first.flatMap { words.contains($0) ? $0 : nil }
        if command != nil { rest.removeFirst() }
        return (command.map { [$0] } ?? []) + (try self.arguments(from: path, for: command))
            + rest
    }

    private static func removeOption(from arguments: inout [String]) throws -> String? {
        var path: String?
        var i = 0
        while i < arguments.count {
            if arguments[i] == "--config" {
                guard i + 1 < arguments.count else { throw ConfigurationError("--config needs the path of a file") }
                path = arguments[i + 1]
                arguments.removeSubrange(i...i + 1)
            } else if arguments[i].hasPrefix("--config=") {
                path = String(arguments[i].dropFirst("--config=".count))
                arguments.remove(at: i)
            } else {
                i += 1
            }
        }
        return path
    }

    /// Options that may be given several times; a list in the file.
    private static let repeatable: Set<String> = ["inject"]

    /// Options of the form `name=value,name=value`; a mapping in the file.
    private static let mappings: Set<String> = [
        "dataset-options", "partition-options", "strategy-options", "aggregation-options", "attack-options",
        "lr-schedule-options", "selection-options",
    ]

    /// Settings that are switches, as all flags among the output options are.
    private static let switches: Set<String> = ["real-delays"]

    /// Output options that are no flags, though YAML takes their words for truth values.
    private static let words: Set<String> = ["timing"]

    private static func arguments(from path: String, for command: String?) throws -> [String] {
        guard var mapping = try mapping(from: path) else { return [] }
        // A run's config.json carries the settings beside versions and hosts.
        if let settings = mapping["settings"]?.mapping { mapping = settings }
        return try arguments(for: mapping, in: path, of: command)
    }

    /// The contents of a YAML file; nil when it is empty.
    /// - Throws: `ConfigurationError` when it cannot be read or is no mapping.
    static func mapping(from path: String) throws -> Node.Mapping? {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ConfigurationError("cannot read the configuration '\(path)'")
        }
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError("'\(path)' is not YAML: \(error.line)")
        }
        guard let node else { return nil }
        guard let mapping = node.mapping else {
            throw ConfigurationError("'\(path)' is not a mapping from option names to values")
        }
        return mapping
    }

    /// A mapping from option names to values as command-line arguments.
    /// - Parameters:
    ///   - path: of the file, for what is said of errors.
    ///   - command: that they are for; nil: `train`.
    /// - Throws: `ConfigurationError` for names that are no options, and values that are none.
    static func arguments(for mapping: Node.Mapping, in path: String, of command: String? = nil) throws -> [String] {
        let settings =
            optionNames(of: SettingsOptions()) + (command == "split-train" ? optionNames(of: SplitTrainOptions()) : [])
        let output = optionNames(of: OutputOptions())
        var result: [String] = []
        for (key, value) in mapping {
            let name = key.string ?? "?"
            guard settings.contains(name) || output.contains(name) else {
                throw ConfigurationError(
                    unknown: "key", name, choices: (settings + output).sorted(), in: path)
            }
            if command == "partition", !settings.contains(name) { continue }
            if repeatable.contains(name), let items = value.sequence {
                result += items.compactMap { $0.scalar.map { "--\(name)=\($0.string)" } }
                continue
            }
            if mappings.contains(name), let pairs = value.mapping {
                let options = try namedOptions(pairs, of: name, in: path)
                if !options.values.isEmpty { result.append("--\(name)=\(options)") }
                continue
            }
            guard let scalar = value.scalar else {
                throw ConfigurationError("'\(path)': \(name) is not a single value")
            }
            // A run's config.json has them empty where the user gave none.
            if mappings.contains(name), scalar.string.isEmpty { continue }
            let isFlag = output.contains(name) && !words.contains(name) || switches.contains(name)
            switch (isFlag, value.bool) {
            case (true, true?): result.append("--\(name)")
            case (true, false?): break
            default: result.append("--\(name)=\(scalar.string)")
            }
        }
        return result
    }

    private static func namedOptions(
        _ pairs: Node.Mapping, of name: String, in path: String
    ) throws -> NamedOptions {
        var values: [String: String] = [:]
        for (key, value) in pairs {
            guard let key = key.string, let scalar = value.scalar else {
                throw ConfigurationError("'\(path)': \(name) is not a mapping from names to single values")
            }
            values[key] = scalar.string
        }
        return NamedOptions(values)
    }

    /// The long names of a group's options, from its stored properties: ArgumentParser spells `batchSize` as
    /// `batch-size`, and the property wrappers' storage starts with an underscore.
    static func optionNames(of options: Any) -> [String] {
        Mirror(reflecting: options).children.compactMap { child in
            guard let label = child.label, label.hasPrefix("_") else { return nil }
            return label.dropFirst().reduce(into: "") { name, character in
                if character.isUppercase { name += "-" }
                name += character.lowercased()
            }
        }
    }
}

extension ConfigurationError {
    init(unknown what: String, _ name: String, choices: [String], in path: String) {
        self.init("'\(path)': " + ConfigurationError(unknown: what, name, choices: choices).description)
    }
}
