import Devices
import FedCore

/// The keys of fleet files, as `fedmpi fleet --keys` prints them.
enum FleetKeys {
    /// Prints the table.
    static func print() { Console.output(text) }

    /// A row for each key: its usual value, which is a phone's, the range that is accepted, and what it is with its unit.
    static var text: String {
        var table = TextTable([("key", .left), ("usual", .right), ("from", .right), ("to", .right), ("what", .left)])
        for kind in DeviceQuantityKind.allCases {
            table.add([
                kind.rawValue, number(kind.usual), number(kind.range.lowerBound), number(kind.range.upperBound),
                kind.meaning,
            ])
        }
        let radios = Radio.allCases.map(\.rawValue)
        table.add(["radio", "wifi", "", "", "the radio at home: " + radios.joined(separator: ", ")])
        table.add(["away-radio", "lte", "", "", "the radio elsewhere, or none: " + radios.joined(separator: ", ")])
        return table.text
    }

    /// The number as a person writes it: 262,144 and 0.04.
    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? Format.grouped(Int(value)) : "\(value)"
    }
}
