import ArgumentParser
import FedCore

/// The option `--threads` of commands that work in one process. Training has a setting of the same name and range.
struct ThreadOption: ParsableArguments {
    @Option(name: .customLong("threads"), help: "OpenMP threads of each pass.")
    var count = 1

    /// Refuses a number that is out of range.
    ///
    /// - Throws: `ValidationError`, which becomes exit code 2.
    func validate() throws {
        guard ThreadCount.range.contains(count) else {
            throw ValidationError("--threads is \(count); it must be \(ThreadCount.words)")
        }
    }
}
