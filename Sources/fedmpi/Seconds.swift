import ArgumentParser
import FedCore

/// A time on the command line: `30s`, `500ms`, `2m`, `1h`, or a number of seconds. The notation is that of settings.
struct Seconds: ExpressibleByArgument, Equatable {
    /// The time in seconds; the options that take one check its range.
    var value: Double

    /// Makes a default value, in seconds.
    init(value: Double) {
        self.value = value
    }

    /// Reads an argument; nil, which the parser reports as an error, when it is no time.
    init?(argument: String) {
        guard let value = SettingUnit.seconds.number(from: argument) else { return nil }
        self.value = value
    }

    /// The text of a default in `--help`, in seconds.
    var defaultValueDescription: String { "\(value)" }
}
