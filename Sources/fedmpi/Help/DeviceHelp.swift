import Devices
import FedCore
import Serving

/// What `fedmpi help` says of devices: the keys of a profile file and of a fleet file, the tiers, the fleets of the catalog.
enum DeviceHelp {
    /// The words that it answers to, but for the names of fleets.
    static let topics = ["profiles", "profile", "tiers", "tier", "fleets", "fleet-file", "classes"]

    /// The answer to a word.
    /// - Returns: nil when it is about something else.
    static func text(_ topic: String) -> String? {
        switch topic {
        case "profiles", "profile": profiles
        case "tiers", "tier": tiers
        case "fleets": Fleets.all.map(classes).joined(separator: "\n\n") + "\n\n" + fleetFile
        case "fleet-file", "classes": fleetFile + "\n\n" + FleetKeys.text
        default: Fleets.standard.find(topic).map { classes($0) + "\n\n" + fleetFile }
        }
    }

    /// The keys of a device in a file for `serve --profiles`.
    private static var profiles: String {
        var table = TextTable([("key", .left), ("value", .left), ("what", .left)])
        table.add(["name", "a text", "needed; each only once"])
        for quantity in DeviceQuantity.allCases {
            table.add([quantity.rawValue, words(quantity.range), quantity.meaning])
        }
        return """
            A file for `fedmpi serve --profiles`: a YAML list of devices, each a mapping of
            these keys. All but the name may be left out, and are then the machine's that
            stands in. Each is a flag of `serve`, too, for a single device. `fedmpi init`
            writes such a file.

              - {name: camera, cores: 1, ram-mb: 512, gflops: 2, cpu-share: 0.5}

            \(table.text)

            --profiles takes a simulated fleet as well (`fedmpi help fleets`): a device of
            each class, one core of its gflops, its memory-kb as model-mb, without a tier.
            """
    }

    /// A range as short as it reads: `1 to 4,096`, `above 0`, `0.001 at least`.
    private static func words(_ range: ClosedRange<Double>) -> String {
        func number(_ value: Double) -> String {
            value == value.rounded() ? Format.grouped(Int(value)) : "\(value)"
        }
        if range.lowerBound == .leastNonzeroMagnitude { return "above 0" }
        // No device comes near such an end: it keeps out what is no number.
        if range.upperBound >= 1e6 { return "\(number(range.lowerBound)) at least" }
        return "\(number(range.lowerBound)) to \(number(range.upperBound))"
    }

    /// The rules of the tiers.
    private static var tiers: String {
        var table = TextTable([
            ("tier", .left), ("RAM, MB", .right), ("cores", .right), ("GFLOP/s × CPU share", .right),
            ("largest model, MB", .right),
        ])
        for tier in Tier.allCases.reversed() {
            let needs = tier.requirements
            table.add([
                tier.rawValue, Format.grouped(Int(needs.ramMegabytes)), "\(needs.cores)", Format.fixed(needs.gflops, 0),
                "\(needs.largestModelMegabytes)",
            ])
        }
        return """
            A device of `fedmpi serve` has the highest tier whose every requirement it
            meets, and takes no larger model, as stored, than the tier's. --ignore-tiers
            leaves only --max-size-mb.

            \(table.text)

            Classes of a simulated fleet and devices with model-mb have none: they state
            what a model may take, and nothing of what a tier asks for besides.
            """
    }

    /// A fleet of the catalog: its classes with what is looked at first.
    private static func classes(_ fleet: Devices.Fleet) -> String {
        let shares = fleet.classes.reduce(0) { $0 + $1[.share] }
        var table = TextTable([
            ("class", .left), ("share", .right), ("GFLOP/s", .right), ("memory, KiB", .right), ("battery, mAh", .right),
            ("train W", .right),
        ])
        for device in fleet.classes {
            table.add([
                device.name, Format.fixed(100 * device[.share] / shares, 0) + " %", "\(device[.gigaflops])",
                Format.grouped(Int(device[.memory])),
                device.isOnMains ? "mains" : Format.grouped(Int(device[.battery])),
                "\(device[.trainWatts])",
            ])
        }
        return "The fleet \(fleet.name), simulated: its classes of devices\n\n" + table.text
    }

    /// What takes a fleet, and where its keys are listed.
    private static let fleetFile = """
        A fleet is a name (people, edge) or a YAML file with classes, such as
        `fedmpi init` writes:
          fedmpi fleet FLEET                        its days, what it trains and serves
          mpirun -np 6 fedmpi --fleet FLEET         training on it
          fedmpi serve --models M --profiles FLEET  a device of each class
        `fedmpi help fleet-file` lists the keys of a class; docs/FLEETS.md the rules.
        """
}
