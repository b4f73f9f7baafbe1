import Devices
import FedCore
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
    /// Replaces a file in the settings by what is in it: the text travels with the settings, and stays in the run's files.
    /// - Throws: `ConfigurationError` when it cannot be read, or is no fleet file.
    static func resolve(_ settings: inout RunSettings) throws(ConfigurationError) {
        if let name = settings.fleet { settings.fleet = try resolved(name) }
    }

    /// What `--fleet` stands for on every rank: the text of a file, or what was given.
    /// - Returns: the text of the file's fleet, or the name that was given, which `Fleet` looks up in the catalog.
    /// - Throws: `ConfigurationError` that names the file.
    static func resolved(_ name: String) throws(ConfigurationError) -> String {
        guard DescriptionFile.isNamed(name) else { return name }
        return try read(name).description
    }

    /// Reads a file.
    /// - Throws: `ConfigurationError` that names it.
    static func read(_ path: String) throws(ConfigurationError) -> Fleet {
        try DescriptionFile.read(path, "fleet", by: fleet)
    }

    /// Reads a file's contents.
    /// - Parameters:
    ///   - yaml: the contents.
    ///   - stem: the fleet's name where the file has none.
    static func fleet(_ yaml: String, named stem: String) throws(ConfigurationError) -> Fleet {
        guard let mapping = try DescriptionFile.mapping(yaml), let classes = mapping["classes"]?.mapping else {
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
