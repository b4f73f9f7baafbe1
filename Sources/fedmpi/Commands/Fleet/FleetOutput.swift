import Devices
import FedCore
import Foundation

/// What `fedmpi fleet` prints.
/// Four parts: the classes and how many devices each has; a row for each hour of the day, which is the mean over the days; for each
/// model of the catalog the largest step that fits into the memory of each class, and the samples that it trains on in a second; and
/// how many batteries were empty at some time, with how well the books close.
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
            "fleet \(fleet.name), simulated: \(Format.count(days.end.count, "device")) for \(Format.count(count, "day")), seed \(seed)\n"
        )
        if let records, let trace = fleet.trace {
            let left = records.leftOut > 0 ? ", \(Format.grouped(records.leftOut)) left out" : ""
            Console.output(
                "days of \(Format.count(records.devices.count, "record")) in \(trace.path.printable) (\(trace.format.rawValue)\(left)), repeated\n"
            )
        }
        printClasses()
        Console.output("\nOf 100 devices, by hour of the day (mean of all days):")
        var table = TextTable(
            ["hour", "could be asked", "charging", "in use", "offline", "away", "battery, median"].map { ($0, .right) })
        for (hour, samples) in byHour {
            func mean(_ value: (FleetDays.Sample) -> Double?) -> String {
                let values = samples.compactMap(value)
                return values.isEmpty
                    ? "-" : Format.fixed(100 * values.reduce(0, +) / Double(values.count), 1)
            }
            table.add([
                "\(hour)", mean(\.eligible), mean(\.charging), mean(\.inUse), mean(\.offline), mean(\.away),
                mean { $0.charge.count == 3 ? $0.charge[1] : nil },
            ])
        }
        Console.output(table.text)
        Console.output(
            "\nTraining: KB of weights and in all; samples of a step that fit, a second, and J for 1,000 (- where nothing fits):"
        )
        var fit = TextTable(
            [("model", .left), ("weights", .right), ("KB", .right)] + fleet.classes.map { ($0.name, .right) })
        for model in fits {
            fit.add(
                [model.model, Format.grouped(model.weightKilobytes), Format.grouped(model.memoryKilobytes)]
                    + model.classes.map {
                        $0.batch == 0
                            ? "-"
                            : "\($0.batch), \(Format.grouped(Int($0.samplesPerSecond)))/s, "
                                + "\(Format.fixed($0.joulesPerThousand, 2)) J"
                    })
        }
        Console.output(fit.text)
        Console.output("\n" + limits.text)
        Console.output(
            "\nbatteries emptied in these days: \(Format.grouped(days.end.emptied)); books closed to \(days.largestGap)"
        )
    }

    /// The table of the classes: what they are, not what they do.
    private func printClasses() {
        var table = TextTable([
            ("class", .left), ("devices", .right), ("GFLOP/s", .right), ("KB", .right), ("battery, J", .right),
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
        let hour, eligible, charging, inUse, offline, away: Double
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
                    away: $0.away, charge: $0.charge)
            }, models: fits, serving: limits, batteriesEmptied: days.end.emptied)
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys]
        Console.output(String(decoding: try encoder.encode(whole), as: UTF8.self))
    }
}
