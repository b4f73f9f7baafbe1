public import FedCore

/// The fleets that come with the project, by name. A fleet file describes others.
public enum Fleets {
    /// All of them. The quantities are round numbers of the sizes that such devices have, not measurements of products.
    public static let all: [Fleet] = [people, edge]

    /// The catalog.
    public static let standard = Catalog("fleet", all, name: \.name, summary: summary)

    /// What people own: phones, tablets, laptops and single-board computers.
    /// Habits: phones charge by night, are away by day and go with their owners; tablets stay at home on most days; laptops are closed a third
    /// of the day and charge while they are worked with; boards are always there. By these some 85 to 90 of 100 devices are connected at any
    /// hour, a quarter charges at midnight and next to none at eight in the evening, which is what fleets of volunteers look like.
    public static let people = fleet(
        "people",
        [
            device("phone", [.share: 60, .gigaflops: 12]),
            device(
                "tablet", away: nil,
                [
                    .share: 15, .gigaflops: 15, .battery: 7_500, .memory: 524_288, .useHours: 2, .awayShare: 0.3,
                    .chargeShare: 0.5, .trainWatts: 3.5, .idleWatts: 0.06, .useWatts: 3, .chargeWatts: 15,
                ]),
            device(
                "laptop", away: nil,
                [
                    .share: 15, .gigaflops: 60, .spread: 0.4, .battery: 5_000, .volts: 11.4, .memory: 2_097_152,
                    .useHours: 5, .awayShare: 0.4, .chargeHour: 9, .chargeHours: 8, .chargeShare: 0.9, .trainWatts: 18,
                    .idleWatts: 0.8, .useWatts: 7, .chargeWatts: 45, .up: 20, .down: 100, .offlineHours: 8,
                ]),
            device(
                "board", radio: .wired,
                [
                    .share: 10, .gigaflops: 8, .spread: 0.2, .battery: 0, .memory: 1_048_576, .useHours: 0,
                    .awayShare: 0, .topUps: 0, .chargeShare: 0, .trainWatts: 3.5, .idleWatts: 2, .up: 40, .down: 80,
                    .offlineHours: 0.2,
                ]),
        ])

    /// What companies install: microcontrollers, edge boards with a battery, mobile devices, edge servers.
    /// Microcontrollers and edge boards sit where they were installed and charge by daylight, on four days of five; their memory is a few
    /// hundred or thousand kilobytes, so that most models do not fit. Edge boards are on a cellular radio, whose tail costs more than their
    /// training.
    public static let edge = fleet(
        "edge",
        [
            device(
                "microcontroller",
                [
                    .share: 40, .memory: 512, .gigaflops: 0.1, .spread: 0.1, .battery: 500, .trainWatts: 0.2,
                    .idleWatts: 0.005, .useHours: 0, .up: 0.1, .down: 0.1, .chargeWatts: 0.5, .chargeHour: 9,
                    .chargeHours: 7, .chargeShare: 0.8, .topUps: 0, .awayShare: 0, .offlineHours: 4,
                ]),
            device(
                "edge-soc", radio: .lte,
                [
                    .share: 30, .memory: 4_096, .gigaflops: 5, .spread: 0.2, .battery: 5_000, .trainWatts: 3,
                    .idleWatts: 0.3, .useHours: 0, .up: 10, .down: 10, .chargeHour: 9, .chargeHours: 7,
                    .chargeShare: 0.9, .topUps: 0, .awayShare: 0, .offlineHours: 1,
                ]),
            device("mobile", [.share: 28, .memory: 8_192, .gigaflops: 50, .up: 50, .down: 50]),
            device(
                "edge-server", radio: .wired,
                [
                    .share: 2, .memory: 4_194_304, .gigaflops: 400, .spread: 0, .battery: 0, .trainWatts: 45,
                    .idleWatts: 20, .useHours: 0, .up: 1_000, .down: 1_000, .topUps: 0, .chargeShare: 0, .awayShare: 0,
                    .offlineHours: 0,
                ]),
        ])

    /// A fleet of the catalog, which is right or a mistake of this file.
    private static func fleet(_ name: String, _ classes: [DeviceClass]) -> Fleet {
        do { return try Fleet(name, classes) } catch { preconditionFailure("\(error)") }
    }

    /// A class with what is not usual of it, checked like a file's.
    private static func device(
        _ name: String, radio: Radio = .wifi, away: Radio? = .lte, _ quantities: [DeviceQuantityKind: Double]
    ) -> DeviceClass {
        var device = DeviceClass(name)
        (device.radio, device.awayRadio) = (radio, away)
        for (kind, value) in quantities {
            precondition(kind.range.contains(value), "\(name): \(kind.rawValue) \(value)")
            device[kind] = value
        }
        return device
    }

    /// The shares in percent, for `--help`.
    private static func summary(_ fleet: Fleet) -> String {
        let total = fleet.classes.reduce(0) { $0 + $1[.share] }
        return fleet.classes.map { "\(NumberText.fixed(100 * $0[.share] / total, 0)) % \($0.name)" }
            .joined(separator: ", ")
    }
}
