import Devices
import FedCore
import Foundation

/// What `fedmpi fleet` prints.
/// Five parts: the classes and how many devices each has; a row for each hour of the day, which is the mean over the days; for each
/// model of the catalog the largest step that fits into the memory of each class, with seconds and joules; what each class could serve;
/// and how many batteries were empty at some time, with how well the books close.
///
/// All of it is simulated, and says so in its first line, or in `is_simulated`.
struct FleetOutput {
    /// What was simulated.
    let fleet: Fleet
    /// How the days went.
    let days: FleetDays
    /// What training takes, model by model.
    let fits: [ModelFit]
    /// What each class could serve.
    let limits: ClassLimits
    /// The records by which the devices lived; nil: by their classes' habits.
    let records: TraceRecords?

    /// Prints the classes, the hours of the day, and what fits, as tables.
    func print(days count: Int, seed: UInt64) {
        Console.output(
            "fleet \(fleet.name): \(Format.count(days.end.count, "device")) for \(Format.count(count, "day")), seed \(seed). "
                + "All of it is simulated.\n"
        )
        if let records, let trace = fleet.trace {
            let left = records.leftOut > 0 ? ", \(Format.grouped(records.leftOut)) left out" : ""
            Console.output(
                "They live by \(Format.count(records.devices.count, "record")) of \(trace.path.printable) (\(trace.format.rawValue)\(left)), repeated.\n"
            )
        }
        printClasses()
        let borrowed = fleet.classes.filter(\.hasBorrowedWatts).map(\.name)
        if !borrowed.isEmpty {
            Console.output(
                Terminal.fitted(
                    "watts     \(borrowed.joined(separator: ", ")): on the mains, and none are stated, so that a phone's are taken: "
                        + "train-watts, idle-watts"))
        }
        Console.output("\n" + hours)
        if fleet.classes.count > 1 { Console.output("\n" + hoursByClass) }
        Console.output("\n" + training)
        Console.output("\n" + limits.text)
        Console.output(
            "\nbatteries that were empty at some time of these days: \(Format.grouped(days.end.emptied))\n"
                + "their books close to \(String(format: "%.1e", days.largestGap)) of what went through them, which is rounding"
        )
    }

    /// What is asked of a device, in words: `connected, above 20 % of its battery, charging and idle`.
    static func asked(_ eligibility: Eligibility) -> String {
        let others = Eligibility.Condition.allCases.filter(eligibility.conditions.contains).map { condition in
            switch condition {
            case .charging: "powered"
            case .idle: "idle"
            case .unmetered: "unmetered"
            }
        }
        let all = ["connected", "charged"] + others
        return all.dropLast().joined(separator: ", ") + " and " + (all.last ?? "")
    }

    /// A row for each hour of the day, and their mean: shares of the devices, of which the last is a part of the others.
    private var hours: String {
        let eligibility = days.end.eligibility
        let columns: [(title: String, share: (FleetDays.Sample) -> Double)] = [
            ("connected", \.connected), ("charged", \.charged), ("powered", \.powered), ("idle", { 1 - $0.inUse }),
            ("at home", { 1 - $0.away }), ("could be asked", \.eligible),
        ]
        var table = TextTable(
            [("hour", .right)] + columns.map { ($0.title, .right) } + [("battery", .right)])
        func add(_ title: String, _ samples: [FleetDays.Sample]) {
            func mean(_ value: (FleetDays.Sample) -> Double?) -> String {
                let values = samples.compactMap(value)
                return values.isEmpty
                    ? "-" : Format.fixed(100 * values.reduce(0, +) / Double(values.count), 1)
            }
            table.add(
                [title] + columns.map { column in mean { column.share($0) } }
                    + [mean { $0.charge.count == 3 ? $0.charge[1] : nil }])
        }
        for (hour, samples) in byHour { add("\(hour)", samples) }
        add("mean", Array(days.samples.dropLast()))
        let least = Format.fixed(100 * eligibility.leastCharge, 0)
        return """
            Of 100 devices, by hour of the day, mean of all days (battery: median, in %)
            \(table.text)
            \(SettingsText.wrapped("could be asked: \(Self.asked(eligibility)), all at once, so never more than any of these columns. The others overlap, and do not add up to 100.", indent: 0, first: 0))
            charged: above \(least) % of its battery, or without one; powered: on a charger or on
            the mains; connected: neither offline, nor away without a radio for that
            """
    }

    /// A row for each class: the share of its devices that could be asked, by quarters of the day.
    private var hoursByClass: String {
        let quarters = [0..<6, 6..<12, 12..<18, 18..<24]
        var table = TextTable(
            [("class", .left)] + quarters.map { ("\($0.lowerBound)–\($0.upperBound) h", .right) } + [("mean", .right)])
        for (place, device) in fleet.classes.enumerated() where days.devices[place] > 0 {
            func mean(_ hours: Range<Int>) -> String {
                let shares = days.samples.dropLast().filter { hours.contains(Int($0.hour) % 24) }.map {
                    $0.byClass[place]
                }
                return shares.isEmpty ? "-" : Format.fixed(100 * shares.reduce(0, +) / Double(shares.count), 1)
            }
            table.add([device.name] + quarters.map(mean) + [mean(0..<24)])
        }
        return "Of 100 devices of a class, those that could be asked, by hours of the day\n" + table.text
    }

    /// What training takes: of each model the memory, and of each class the step that fits, its speed and its energy.
    private var training: String {
        var steps = TextTable(
            [("model", .left), ("weights", .right), ("in all", .right)]
                + fleet.classes.map { ($0.name, .right) })
        var cost = TextTable([("model", .left)] + fleet.classes.map { ($0.name, .right) })
        for model in fits {
            steps.add(
                [model.model, Format.grouped(model.weightKilobytes), Format.grouped(model.memoryKilobytes)]
                    + model.classes.map { $0.batch == 0 ? "-" : "\($0.batch)" })
            cost.add(
                [model.model]
                    + model.classes.map {
                        $0.batch == 0
                            ? "-"
                            : "\(Self.short(1000 / $0.samplesPerSecond)) / \(Self.short($0.joulesPerThousand))"
                    })
        }
        return """
            Training, counted: KiB of weights, in all; samples of a step that fit (- none)
            \(steps.text)

            Training on 1,000 samples, simulated: seconds / joules
            \(cost.text)
            """
    }

    /// A number in three digits or so: <0.001, 0.004, 0.12, 3.45, 678.
    private static func short(_ value: Double) -> String {
        value < 0.0005 ? "<0.001" : Format.fixed(value, value < 0.1 ? 3 : value < 10 ? 2 : 0)
    }

    /// The table of the classes: what they are, not what they do.
    private func printClasses() {
        var table = TextTable([
            ("class", .left), ("devices", .right), ("GFLOP/s", .right), ("memory, KiB", .right), ("battery, J", .right),
            ("radio", .left), ("away", .left), ("train W", .right),
        ])
        for (device, count) in zip(fleet.classes, days.devices) {
            table.add([
                device.name, Format.grouped(count), "\(device[.gigaflops])", Format.grouped(Int(device[.memory])),
                device.isOnMains ? "mains" : Format.grouped(Int(device.batteryJoules)), device.radio.rawValue,
                device.awayRadio?.rawValue ?? "none", "\(device[.trainWatts])",
            ])
        }
        Console.output(table.text)
    }

    /// Samples by hour of the day.
    private var byHour: [(hour: Int, samples: [FleetDays.Sample])] {
        Dictionary(grouping: days.samples.dropLast()) { Int($0.hour) % 24 }
            .sorted { $0.key < $1.key }.map { (hour: $0.key, samples: $0.value) }
    }

    /// The object that `--json` prints, in one line.
    private struct Whole: Encodable {
        let fleet: String
        /// How the records of days are written, and how many were used; absent by the classes' habits.
        let trace: String?
        let records: Int?
        let isSimulated = true
        let devices: [String: Int]
        let samples: [Moment]
        let models: [ModelFit]
        /// What each class could serve, model by model.
        let serving: ClassLimits
        let batteriesEmptied: Int
    }

    /// One sample of the days: shares of the devices, and percentiles of the charge.
    private struct Moment: Encodable {
        /// Hours from a Monday's midnight, and shares in [0, 1].
        let hour, eligible, charging, inUse, offline, away, connected, powered, charged: Double
        /// A tenth, the median and nine tenths; empty without batteries.
        let charge: [Double]
    }

    /// Prints one JSON object.
    func printJSON() throws {
        let whole = Whole(
            fleet: fleet.description, trace: fleet.trace?.format.rawValue, records: records?.devices.count,
            devices: Dictionary(uniqueKeysWithValues: zip(fleet.classes.map(\.name), days.devices)),
            samples: days.samples.map {
                Moment(
                    hour: $0.hour, eligible: $0.eligible, charging: $0.charging, inUse: $0.inUse, offline: $0.offline,
                    away: $0.away, connected: $0.connected, powered: $0.powered, charged: $0.charged, charge: $0.charge)
            }, models: fits, serving: limits, batteriesEmptied: days.end.emptied)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys]
        Console.output(String(decoding: try encoder.encode(whole), as: UTF8.self))
    }
}
