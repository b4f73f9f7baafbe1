import ArgumentParser
import FedCore

/// `--threads` of the commands that work in one process.
struct ThreadOption: ParsableArguments {
    @Option(name: .customLong("threads"), help: "OpenMP threads of each pass.")
    var count = 1

    func validate() throws {
        guard ThreadCount.range.contains(count) else {
            throw ValidationError("--threads is \(count); it must be \(ThreadCount.words)")
        }
    }
}
