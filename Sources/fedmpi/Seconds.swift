import ArgumentParser
import FedCore

/// A time on the command line: `30s`, `500ms`, `2m`, `1h`, or a number of seconds.
struct Seconds: ExpressibleByArgument, Equatable {
    var value: Double

    init(value: Double) {
        self.value = value
    }

    init?(argument: String) {
        guard let value = SettingUnit.seconds.number(from: argument) else { return nil }
        self.value = value
    }

    var defaultValueDescription: String { "\(value)" }
}
