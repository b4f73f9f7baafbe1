import Devices
import FedCore
import Files
import Foundation
import Records
import Yams

/// Reader of fleet files, `--fleet my.yaml`: classes of devices with what is not usual of each.
///
/// ```yaml
/// name: my-fleet        # the file's name unless given
/// classes:
///   phone: {share: 3, gflops: 20, away-radio: lte}
///   gateway: {share: 1, battery-mah: 0, radio: wired, away-share: 0}
/// ```
///
/// Keys are those of `DeviceQuantityKind`, `radio` and `away-radio`.
enum FleetFile {
    /// A fleet file is a few lines; this is no limit for a person.
    private static let mostBytes = 1 << 20

    /// Replaces a file in the settings by what is in it: the text travels with the settings, and stays in the run's files.
    /// - Throws: `ConfigurationError` when it cannot be read, or is no fleet file.
    static func resolve(_ settings: inout RunSettings) throws(ConfigurationError) {
        if let name = settings.fleet { settings.fleet = try resolved(name) }
    }

    /// What `--fleet` stands for on every rank: the text of a file, or what was given.
    /// - Returns: the text of the file's fleet, or the name that was given, which `Fleet` looks up in the catalog.
    /// - Throws: `ConfigurationError` that names the file.
    static func resolved(_ name: String) throws(ConfigurationError) -> String {
        guard name.hasSuffix(".yaml") || name.hasSuffix(".yml") else { return name }
        return try read(name).description
    }

    /// Reads a file.
    /// - Throws: `ConfigurationError` that names it.
    static func read(_ path: String) throws(ConfigurationError) -> Fleet {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path)) else {
            throw ConfigurationError("cannot read the fleet file '\(path.printable)'")
        }
        guard data.count <= mostBytes else {
            throw ConfigurationError("'\(path.printable)' is too large for a fleet file")
        }
        let stem = URL(fileURLWithPath: path).deletingPathExtension().lastPathComponent
        do throws(ConfigurationError) {
            return try fleet(String(decoding: data, as: UTF8.self), named: stem)
        } catch {
            throw ConfigurationError("'\(path.printable)': \(error)")
        }
    }

    /// Reads a file's contents.
    /// - Parameters:
    ///   - yaml: the contents.
    ///   - stem: the fleet's name where the file has none.
    static func fleet(_ yaml: String, named stem: String) throws(ConfigurationError) -> Fleet {
        let root: Yams.Node?
        do { root = try Yams.compose(yaml: yaml) } catch {
            throw ConfigurationError("not YAML: \(error.line)")
        }
        guard let mapping = root?.mapping, let classes = mapping["classes"]?.mapping else {
            throw ConfigurationError("a fleet file has 'classes:' and below it a line for each, 'phone: {share: 3}'")
        }
        for key in mapping.keys where key.string != "name" && key.string != "classes" {
            throw ConfigurationError(
                "what is '\((key.string ?? "?").printable)'? A fleet file has 'name' and 'classes'")
        }
        var devices: [DeviceClass] = []
        for (key, value) in classes {
            var device = DeviceClass(key.string ?? "")
            guard let quantities = value.mapping else {
                throw ConfigurationError(
                    "class '\(device.name.printable)' is no mapping such as {share: 3, gflops: 20}")
            }
            for (key, value) in quantities {
                try device.state(key: key.string ?? "", value.scalar?.string ?? "")
            }
            devices.append(device)
        }
        return try Fleet(mapping["name"]?.string ?? stem, devices)
    }
}
