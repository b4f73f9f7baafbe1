public import FedCore

/// Classes of simulated devices, and how many of the clients are of each.
///
/// As text, as a setting carries it to every rank, a fleet is its name and its classes behind semicolons:
/// `city; phone share=3 gflops=20 radio=wifi away-radio=lte; board battery-mah=0 radio=wired`. A part that begins with `@`
/// is a ``FleetTrace``.
public struct Fleet: Sendable, Equatable, CustomStringConvertible {
    /// Name of the fleet, in tables and files.
    public let name: String
    /// The classes; at least one, with different names.
    public let classes: [DeviceClass]
    /// The file with records of days by which the devices live; nil: by their classes' habits.
    public let trace: FleetTrace?

    /// Joins classes.
    /// - Parameter trace: records of days; nil for the classes' habits.
    /// - Throws: `ConfigurationError` when there is none, there are more than 64, or two have one name.
    public init(
        _ name: String, _ classes: [DeviceClass], trace: FleetTrace? = nil
    ) throws(ConfigurationError) {
        guard Self.isName(name) else { throw Self.badName(name) }
        guard !classes.isEmpty, classes.count <= 64 else {
            throw ConfigurationError("fleet '\(name)' has \(classes.count) classes of devices; it must have 1 to 64")
        }
        var names: Set<String> = []
        for device in classes {
            guard Self.isName(device.name) else { throw Self.badName(device.name) }
            // Metrics have small letters and underscores: names that differ in that alone would be one there.
            let key = String(device.name.lowercased().map { $0 == "-" ? "_" : $0 })
            guard names.insert(key).inserted else {
                throw ConfigurationError("fleet '\(name)' has two classes '\(device.name)', - and _ being one")
            }
        }
        self.name = name
        self.classes = classes
        self.trace = trace
    }

    /// Names stand in tables, in metrics and in text between spaces.
    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && name.count <= 40
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }

    private static func badName(_ name: String) -> ConfigurationError {
        ConfigurationError(
            "'\(name.printable)' is no name of a fleet or a class: it must be letters, digits, - and _, at most 40")
    }

    /// Devices of the classes that state how many they are.
    public var countedDevices: Int { classes.reduce(0) { $0 + $1.count } }

    /// Whether every class states how many devices it has.
    public var isCounted: Bool { classes.allSatisfy { $0.count > 0 } }

    /// Checks that so many clients have a device each, and every counted device a client.
    /// - Parameter option: the option that says how many, for the message.
    /// - Throws: `ConfigurationError` with both numbers.
    public func check(clients: Int, option: String) throws(ConfigurationError) {
        let counted = countedDevices
        guard isCounted ? clients != counted : clients < counted else { return }
        throw ConfigurationError(
            "fleet '\(name)' has \(isCounted ? "" : "at least ")\(NumberText.count(counted, "device")) by its counts, and "
                + "\(option) is \(clients)" + (isCounted ? "; leave it out, or say \(counted)" : ""))
    }

    /// The class of a client's device, as an index of ``classes``: the first clients are the devices that classes count, in
    /// the order of the classes; the others' are drawn by the shares from the seed. The same on every rank and in every
    /// round. O(classes).
    public func index(ofClient client: Int, seed: UInt64) -> Int {
        var counted = 0
        for (index, device) in classes.enumerated() {
            counted += device.count
            if client < counted { return index }
        }
        var random = RandomStream(seed: seed, .fleet, client: client, salt: 1)
        let total = classes.reduce(0) { $0 + ($1.count > 0 ? 0 : $1[.share]) }
        var place = random.uniformDouble() * total
        var last = classes.count - 1
        for (index, device) in classes.enumerated() where device.count == 0 {
            place -= device[.share]
            if place < 0 { return index }
            last = index
        }
        return last
    }

    /// GFLOP/s of a client's device: its class's, times e^(σz), z standard normal and its own for the whole run.
    public func gigaflops(ofClient client: Int, seed: UInt64) -> Double {
        let device = classes[index(ofClient: client, seed: seed)]
        return DeviceSimulation.speed(device[.gigaflops], spread: device[.spread], ofClient: client, seed: seed)
    }
}

// A fleet as text.
extension Fleet {
    /// The fleet as text; reading it gives the fleet.
    public var description: String {
        ([name] + classes.map(\.description) + (trace.map { [$0.description] } ?? [])).joined(separator: "; ")
    }

    /// Reads a fleet from text, or one of the catalog by its name.
    /// - Throws: `ConfigurationError` with the first thing that is wrong.
    public init(_ text: String) throws(ConfigurationError) {
        let parts = text.split(separator: ";").map { $0.trimmed }
        guard parts.count > 1 else {
            self = try Fleets.standard.make(text.printable, [:]) { (fleet, _) throws(ConfigurationError) in fleet }
            return
        }
        var classes: [DeviceClass] = []
        var trace: FleetTrace?
        for part in parts.dropFirst() {
            guard part.hasPrefix("@") else {
                classes.append(try DeviceClass(text: part))
                continue
            }
            guard trace == nil else { throw ConfigurationError("fleet '\(parts[0].printable)' has two traces") }
            trace = try FleetTrace(text: part)
        }
        try self.init(parts[0], classes, trace: trace)
    }
}

extension DeviceClass: CustomStringConvertible {
    /// The class as text: its name and what is not usual.
    public var description: String {
        var words = [name]
        for kind in DeviceQuantityKind.allCases where self[kind] != kind.usual || kind == .share {
            words.append("\(kind.rawValue)=\(self[kind].shortest)")
        }
        words.append("radio=\(radio.rawValue)")
        words.append("away-radio=\(awayRadio?.rawValue ?? "none")")
        return words.joined(separator: " ")
    }

    /// Reads ``description``.
    /// - Throws: `ConfigurationError` for a word that is not `key=value`, and what ``state(key:_:)`` refuses.
    fileprivate init(text: String) throws(ConfigurationError) {
        let words = text.split(separator: " ").map(String.init)
        self.init(words.first ?? "")
        for word in words.dropFirst() {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else {
                throw ConfigurationError("class '\(name.printable)': '\(word.printable)' is not key=value")
            }
            try state(key: parts[0], parts[1])
        }
    }

    /// States a quantity or a radio by its key, as in a fleet file.
    /// - Throws: `ConfigurationError` for an unknown key, and a value that is none or out of range.
    public mutating func state(key: String, _ value: String) throws(ConfigurationError) {
        switch key {
        case "radio": radio = try Self.radio(value, of: name)
        case "away-radio": awayRadio = value == "none" ? nil : try Self.radio(value, of: name)
        default:
            guard let kind = DeviceQuantityKind(rawValue: key) else {
                throw ConfigurationError(
                    "class '\(name.printable)': "
                        + ConfigurationError(
                            unknown: "key", key,
                            choices: DeviceQuantityKind.allCases.map(\.rawValue) + ["radio", "away-radio"]
                        ).description)
            }
            guard let number = Double(value), number.isFinite else {
                throw ConfigurationError("class '\(name.printable)': \(key) is '\(value.printable)', not a number")
            }
            guard kind != .count || number != 0 else {
                throw ConfigurationError(
                    "class '\(name.printable)': count is 0; leave the class out, or give a share instead of a count")
            }
            try state(kind, number)
        }
    }

    /// A radio by its name.
    /// - Throws: `ConfigurationError` that lists the radios.
    private static func radio(_ text: String, of name: String) throws(ConfigurationError) -> Radio {
        guard let radio = Radio(rawValue: text) else {
            throw ConfigurationError(
                "class '\(name.printable)': "
                    + ConfigurationError(unknown: "radio", text, choices: Radio.allCases.map(\.rawValue)).description)
        }
        return radio
    }
}

extension Substring {
    /// Without white space at its ends.
    var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
