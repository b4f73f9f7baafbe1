import ArgumentParser

/// A time on the command line: `30s`, `500ms`, `2m`, `1h`, or a number of seconds.
struct Seconds: ExpressibleByArgument, Equatable {
    var value: Double

    private static let units: [(suffix: String, seconds: Double)] = [
        ("us", 1e-6), ("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600),
    ]

    init(value: Double) {
        self.value = value
    }

    init?(argument: String) {
        let unit = Self.units.first { argument.hasSuffix($0.suffix) } ?? ("", 1)
        guard let number = Double(argument.dropLast(unit.suffix.count)) else { return nil }
        value = number * unit.seconds
    }

    var defaultValueDescription: String { "\(value)" }
}
