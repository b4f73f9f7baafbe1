import ArgumentParser
import FedCore

/// What the user reads instead of a run.
enum Help {
    /// `fedmpi --help` shows the default command's options too: they are what most users look for.
    static func text(for error: any Error, _ arguments: [String]) -> String {
        let text = FedMPI.fullMessage(for: error)
        guard arguments == ["--help"] || arguments == ["-h"] || arguments == ["help"] else { return text }
        let options = FedMPI.helpMessage(for: Train.self)
        let start = options.range(of: "OPTIONS:")?.lowerBound ?? options.startIndex
        return text + "\n\nTRAIN " + options[start...]
    }

    /// An error as one line.
    static func line(for error: any Error) -> String {
        if let error = error as? ConfigurationError { return error.description }
        var line = FedMPI.message(for: error).split(separator: "\n").joined(separator: " ")
        if line.hasPrefix("Unknown option") {
            let names =
                ConfigurationFile.optionNames(of: SettingsOptions())
                + ConfigurationFile.optionNames(of: OutputOptions())
                + ConfigurationFile.optionNames(of: ResumeOptions()) + ["config"]
            line += "; options: " + names.map { "--\($0)" }.joined(separator: " ")
        }
        return line.prefix(1).lowercased() + line.dropFirst()
    }
}
