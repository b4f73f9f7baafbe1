import FedCore
import Foundation
import Yams

/// `--config run.yaml`: a mapping from names of settings to values, or a run's `config.json`.
enum ConfigurationFile {
    /// What a file says.
    /// - Throws: `ConfigurationError` when it cannot be read, is no mapping, or has values of a form that no setting has.
    static func given(in path: String) throws(ConfigurationError) -> GivenSettings {
        guard let mapping = try mapping(from: path) else { return GivenSettings() }
        // A run's config.json carries the settings beside versions and hosts.
        return try given(mapping["settings"]?.mapping ?? mapping, in: path)
    }

    /// The contents of a YAML file; nil when it is empty.
    /// - Throws: `ConfigurationError` when it cannot be read or is no mapping.
    static func mapping(from path: String) throws(ConfigurationError) -> Node.Mapping? {
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

    /// A mapping from names to values as settings. What is null is not given.
    /// - Parameter path: of the file, for what is said of errors.
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

    /// - Returns: nil for lists and mappings of anything but single values.
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
    init(unknown what: String, _ name: String, choices: [String], in path: String) {
        self.init("'\(path)': " + ConfigurationError(unknown: what, name, choices: choices).description)
    }
}
