import FedCore
import Foundation
import Yams

/// Readers of configuration files, `--config run.yaml`: a mapping from names of settings to values in YAML, or a run's
/// `config.json`, which is YAML as well.
///
/// They know nothing of single settings: names and values are checked where those of the command line are, so that both
/// are refused in the same words.
enum ConfigurationFile {
    /// Reads a file as settings; those of a `config.json` are under its key `settings`.
    ///
    /// - Parameter path: as the user gave it; also the origin that errors name.
    /// - Throws: `ConfigurationError` when it cannot be read, is no mapping, or has values of a form that no setting
    ///   has.
    static func given(in path: String) throws(ConfigurationError) -> GivenSettings {
        guard let mapping = try mapping(from: path) else { return GivenSettings() }
        // A run's config.json carries the settings beside versions and hosts.
        return try given(mapping["settings"]?.mapping ?? mapping, in: path)
    }

    /// Reads the contents of a YAML file.
    ///
    /// - Parameter path: as the user gave it.
    /// - Returns: nil when the file is empty.
    /// - Throws: `ConfigurationError` when it cannot be read, is not YAML, or is no mapping.
    static func mapping(from path: String) throws(ConfigurationError) -> Node.Mapping? {
        let text: String
        do {
            // A run's folder stands for the file in it, as everywhere a run is wanted.
            var isFolder: ObjCBool = false
            let isRun = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
            text = try String(contentsOfFile: isRun ? "\(path)/config.json" : path, encoding: .utf8)
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

    /// Turns a mapping into settings. A value that is `null` counts as not given.
    ///
    /// - Parameters:
    ///   - mapping: names and values, unchecked.
    ///   - path: the file, for errors.
    /// - Throws: `ConfigurationError` when a value is neither a scalar, nor a list or mapping of scalars.
    static func given(_ mapping: Node.Mapping, in path: String) throws(ConfigurationError) -> GivenSettings {
        var given = GivenSettings()
        for (key, node) in mapping {
            let name = key.string ?? "?"
            if node.scalar != nil, node.null != nil { continue }
            guard let value = value(node) else { throw ConfigurationError("'\(path)': \(name) is not a single value") }
            given.set(name, to: value, origin: path)
        }
        return given
    }

    /// The value of a node: a scalar's text as it is written, a list, or a mapping.
    ///
    /// - Returns: nil for lists and mappings of anything but scalars.
    private static func value(_ node: Node) -> GivenSettings.Value? {
        if let scalar = node.scalar { return .text(scalar.string) }
        if let items = node.sequence {
            let texts = items.compactMap { $0.scalar?.string }
            return texts.count == items.count ? .list(texts) : nil
        }
        guard let mapping = node.mapping else { return nil }
        var values: [String: String] = [:]
        for (key, value) in mapping {
            guard let key = key.string, let scalar = value.scalar else { return nil }
            values[key] = scalar.string
        }
        return .mapping(values)
    }
}

extension ConfigurationError {
    /// Makes the error for an unknown name in a file, with the file's path before the usual words.
    ///
    /// - Parameters:
    ///   - what: the kind of thing that is named.
    ///   - name: the unknown name.
    ///   - choices: the names that are known, for a hint.
    ///   - path: the file.
    init(unknown what: String, _ name: String, choices: [String], in path: String) {
        self.init("'\(path)': " + ConfigurationError(unknown: what, name, choices: choices).description)
    }
}
