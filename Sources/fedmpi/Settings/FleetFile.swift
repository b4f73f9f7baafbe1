import Devices
import FedCore
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
/// trace: {flash: state_traces.json}   # days of a record, beside this file; or {fedscale: availability.json}
/// ```
///
/// Keys are those of `DeviceQuantityKind`, `radio` and `away-radio`.
enum FleetFile {
    /// Replaces a file in the settings by what is in it: the text travels with the settings, and stays in the run's files.
    /// A fleet that counts its devices says how many clients there are, where nobody else does.
    ///
    /// - Parameter given: what was given.
    /// - Throws: `ConfigurationError` when it cannot be read, or is no fleet file.
    static func resolve(_ settings: inout RunSettings, _ given: GivenSettings) throws(ConfigurationError) {
        guard let name = settings.fleet else { return }
        let text = try resolved(name)
        settings.fleet = text
        guard !given.contains("clients") else { return }
        let fleet = try Fleet(text)
        if fleet.isCounted { settings.clients = fleet.countedDevices }
    }

    /// The fleet of a name in the catalog, or of a file, for what needs its classes and not their days: a trace is not opened.
    /// - Throws: `ConfigurationError` that names the file, or lists the catalog.
    static func fleet(named name: String) throws(ConfigurationError) -> Devices.Fleet {
        guard DescriptionFile.isNamed(name) else { return try Fleet(name) }
        return try DescriptionFile.read(name, "fleet") { (yaml, stem) throws(ConfigurationError) in
            try fleet(yaml, named: stem)
        }
    }

    /// What `--fleet` stands for on every rank: the text of a file, or what was given.
    /// - Returns: the text of the file's fleet, or the name that was given, which `Fleet` looks up in the catalog.
    /// - Throws: `ConfigurationError` that names the file.
    static func resolved(_ name: String) throws(ConfigurationError) -> String {
        guard DescriptionFile.isNamed(name) else { return name }
        return try read(name).description
    }

    /// Reads a file.
    /// - Parameter measure: gives the GFLOP/s of a class that states `measured`; nil refuses that.
    /// - Throws: `ConfigurationError` that names the file.
    static func read(_ path: String, measure: (() -> Double)? = nil) throws(ConfigurationError) -> Fleet {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        return try DescriptionFile.read(path, "fleet") { (yaml, stem) throws(ConfigurationError) in
            try fleet(yaml, named: stem, in: folder, measure: measure)
        }
    }

    /// Reads a file's contents.
    /// - Parameters:
    ///   - yaml: the contents.
    ///   - stem: the fleet's name where the file has none.
    ///   - folder: where the file is, and its trace beside it; nil leaves the trace out, where days do not matter.
    ///   - measure: gives the GFLOP/s of a class that states `measured`; nil refuses that.
    static func fleet(
        _ yaml: String, named stem: String, in folder: URL? = nil, measure: (() -> Double)? = nil
    ) throws(ConfigurationError) -> Fleet {
        guard let mapping = try DescriptionFile.mapping(yaml), let classes = mapping["classes"]?.mapping else {
            throw ConfigurationError("a fleet file has 'classes:' and below it a line for each, 'phone: {share: 3}'")
        }
        for key in mapping.keys where !["name", "classes", "trace"].contains(key.string) {
            throw ConfigurationError(
                "what is '\((key.string ?? "?").printable)'? A fleet file has 'name', 'classes' and 'trace'")
        }
        let recorded = try trace(mapping["trace"], in: folder)
        var devices: [DeviceClass] = []
        for (key, value) in classes {
            var device = DeviceClass(key.string ?? "")
            guard let quantities = value.mapping else {
                throw ConfigurationError(
                    "class '\(device.name.printable)' is no mapping such as {share: 3, gflops: 20}")
            }
            for (key, value) in quantities {
                let (name, text) = (key.string ?? "", value.scalar?.string ?? "")
                if name == DeviceQuantityKind.gigaflops.rawValue, text == "measured" {
                    try device.state(.gigaflops, try measured(device, measure))
                } else {
                    try device.state(key: name, text)
                }
            }
            devices.append(device)
        }
        return try Fleet(mapping["name"]?.string ?? stem, devices, trace: recorded)
    }

    /// The speed of this machine for a class that wants it measured.
    /// Which is one number in one place: a run would have another on another machine, and another course with it.
    /// - Throws: `ConfigurationError` where it is not to be measured.
    private static func measured(
        _ device: DeviceClass, _ measure: (() -> Double)?
    ) throws(ConfigurationError) -> Double {
        guard let measure else {
            throw ConfigurationError(
                "class '\(device.name.printable)': gflops is 'measured', which differs from one machine and moment to the next: "
                    + "fedmpi fleet FILE measures it, and prints the number to write in its place")
        }
        return measure()
    }

    /// The trace that a file names, opened: its records are read once here, so that a file that is none is refused before
    /// any rank begins, and its digest becomes part of the fleet's text.
    /// - Throws: `ConfigurationError` when it is not a format and a file, or the file cannot be used.
    private static func trace(_ node: Node?, in folder: URL?) throws(ConfigurationError) -> FleetTrace? {
        guard let node else { return nil }
        let formats = FleetTrace.Format.allCases.map(\.rawValue)
        guard let mapping = node.mapping, mapping.count == 1, let (key, value) = mapping.first,
            let name = key.string, let file = value.scalar?.string, !file.isEmpty
        else {
            throw ConfigurationError("'trace' is a format and a file, such as {flash: state_traces.json}")
        }
        guard let format = FleetTrace.Format(rawValue: name) else {
            throw ConfigurationError(unknown: "format of a trace", name.printable, choices: formats)
        }
        guard let folder else { return nil }
        return try FleetTrace(format, at: URL(fileURLWithPath: file, relativeTo: folder).standardizedFileURL.path)
    }
}
