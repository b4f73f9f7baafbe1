import FedCore
import Foundation
import Yams

/// Reader of small YAML files that describe one thing, such as a model or a fleet, and may be named where a setting takes
/// the thing itself.
enum DescriptionFile {
    /// Such a file is a few lines; this is no limit for a person.
    private static let mostBytes = 1 << 20

    /// Whether a setting's text is the name of such a file, and not the thing itself.
    static func isNamed(_ text: String) -> Bool { text.hasSuffix(".yaml") || text.hasSuffix(".yml") }

    /// Reads a file.
    /// - Parameters:
    ///   - path: where it is; every message names it.
    ///   - kind: what messages call the thing, e.g. `model`.
    ///   - parse: reads the contents; also gets the file's name without its suffix.
    /// - Throws: `ConfigurationError` when it cannot be read, is too large, or `parse` refuses it.
    static func read<Thing>(
        _ path: String, _ kind: String,
        by parse: (_ yaml: String, _ stem: String) throws(ConfigurationError) -> Thing
    ) throws(ConfigurationError) -> Thing {
        let url = URL(fileURLWithPath: path)
        guard let data = try? Data(contentsOf: url) else {
            throw ConfigurationError("cannot read the \(kind) file '\(path)'")
        }
        guard data.count <= mostBytes else { throw ConfigurationError("'\(path)' is too large for a \(kind) file") }
        do throws(ConfigurationError) {
            return try parse(String(decoding: data, as: UTF8.self), url.deletingPathExtension().lastPathComponent)
        } catch {
            throw ConfigurationError("'\(path)': \(error)")
        }
    }

    /// The mapping at a file's root; nil when something else stands there.
    /// - Throws: `ConfigurationError` when it is not YAML.
    static func mapping(_ yaml: String) throws(ConfigurationError) -> Node.Mapping? {
        do { return try Yams.compose(yaml: yaml)?.mapping } catch {
            throw ConfigurationError("not YAML: \(error.line)")
        }
    }
}
