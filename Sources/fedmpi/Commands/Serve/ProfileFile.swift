import Devices
import FedCore
import FoundationEssentials
import Serving
import Yams

/// The reader of files with device profiles (`--profiles`).
///
/// ```yaml
/// - {name: camera, cores: 1, ram-mb: 512, gflops: 1.5, cpu-share: 0.5, idle-watts: 0.4, busy-watts: 1.9}
/// - {name: gateway, cores: 4, ram-mb: 4000}   # what is left out is the machine's that stands in for it
/// ```
///
/// A simulated fleet, a name of its catalog or a file with `classes`, gives a device of each of its classes.
///
/// `fedmpi help profiles` lists the keys: they are the flags of ``DeviceOptions`` without dashes in front (`DeviceQuantity`), with the same ranges.
enum ProfileFile {
    /// Reads a file.
    ///
    /// - Parameter path: Path of the YAML file, or name of a simulated fleet.
    /// - Returns: At least one device; names are distinct.
    /// - Throws: `ConfigurationError` with the path and the first thing in it that is wrong.
    static func read(_ path: String) throws(ConfigurationError) -> [DeviceDescription] {
        if let fleet = Fleets.standard.find(path) { return try devices(of: fleet) }
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw ConfigurationError("cannot read the profiles '\(path)'")
        }
        do {
            return try parse(text)
        } catch let error as ConfigurationError {
            throw ConfigurationError("'\(path)': \(error)")
        } catch {
            throw ConfigurationError("'\(path)' is not YAML: \(error.line)")
        }
    }

    /// Reads the text of such a file.
    ///
    /// - Throws: `ConfigurationError` without a path, or the YAML parser's error.
    static func parse(_ text: String) throws -> [DeviceDescription] {
        let root = try Yams.compose(yaml: text)
        if root?.mapping?["classes"] != nil { return try devices(of: FleetFile.fleet(text, named: "fleet")) }
        guard let node = root, let items = node.sequence, !items.isEmpty else {
            throw ConfigurationError("there is no list of devices, such as '- {name: camera, cores: 1, ram-mb: 512}'")
        }
        var devices: [DeviceDescription] = []
        for (i, item) in items.enumerated() {
            let device = try device(item, number: i + 1)
            guard !devices.contains(where: { $0.name == device.name }) else {
                throw ConfigurationError("two devices are named '\(device.name)'")
            }
            devices.append(device)
        }
        return devices
    }

    /// A device of each class of a simulated fleet, with what the class states: one core of its GFLOP/s, its memory for
    /// models, its link up, its watts; these not where they would be a phone's on the mains.
    ///
    /// The memory is for a model's weights and tensors, as `fedmpi fleet` has it, and no limit of the process: a class says
    /// nothing of the memory that a program takes. For the same reason it has no tier.
    private static func devices(of fleet: Devices.Fleet) throws(ConfigurationError) -> [DeviceDescription] {
        var devices: [DeviceDescription] = []
        for kind in fleet.classes {
            var device = DeviceDescription(name: kind.name)
            var stated: [(DeviceQuantity, Double)] = [
                (.cores, 1), (.gflops, max(kind[.gigaflops], 0.001)), (.modelMegabytes, kind[.memory] * 1024 / 1e6),
                (.linkMegabits, kind[.up]),
            ]
            if !kind.hasBorrowedWatts {
                stated += [(.idleWatts, kind[.idleWatts]), (.busyWatts, kind[.idleWatts] + kind[.trainWatts])]
            }
            for (quantity, value) in stated { try device.state(quantity, value) }
            devices.append(device)
        }
        return devices
    }

    /// Reads one device of the list.
    ///
    /// - Parameters:
    ///   - node: The device's mapping.
    ///   - number: Its place, from 1, for a device that has no name yet.
    /// - Throws: `ConfigurationError` for an unknown key, a value that is no number or out of range, and watts
    ///   without their counterpart.
    private static func device(_ node: Node, number: Int) throws -> DeviceDescription {
        guard let mapping = node.mapping else {
            throw ConfigurationError("device \(number) is not a mapping from quantities to values")
        }
        guard let name = mapping["name"]?.scalar?.string, !name.isEmpty else {
            throw ConfigurationError("device \(number) has no name")
        }
        var device = DeviceDescription(name: name)
        for (key, value) in mapping {
            let key = key.string ?? "?"
            if key == "name" { continue }
            guard let quantity = DeviceQuantity(rawValue: key) else {
                throw ConfigurationError(
                    "device '\(name)': "
                        + ConfigurationError(
                            unknown: "key", key, choices: ["name"] + DeviceQuantity.allCases.map(\.rawValue)
                        ).description)
            }
            guard let number = value.float else {
                throw ConfigurationError("device '\(name)': \(key) is '\(value.settingText)', not a number")
            }
            try device.state(quantity, number)
        }
        try device.validate()
        return device
    }
}
