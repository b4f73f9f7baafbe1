import ArgumentParser
import FedCore
import Foundation

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

    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "\(command)".lowercased()
    }

    /// An error as one line. An option that training does not know is answered with those it knows.
    static func line(for error: any Error, _ arguments: [String]) -> String {
        if let error = error as? ConfigurationError { return error.description }
        // Only what the parser makes has words of its own there.
        guard String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") else { return error.line }
        var line = FedMPI.message(for: error).split(separator: "\n").joined(separator: " ")
        let others = FedMPI.configuration.subcommands.filter { $0 != Train.self }.map(name)
        if line.hasPrefix("Unknown option"), !others.contains(arguments.first ?? "") {
            let names =
                ConfigurationFile.optionNames(of: SettingsOptions())
                + ConfigurationFile.optionNames(of: OutputOptions())
                + ConfigurationFile.optionNames(of: ResumeOptions()) + ["config"]
            line += "; options: " + names.map { "--\($0)" }.joined(separator: " ")
        }
        return line.prefix(1).lowercased() + line.dropFirst()
    }
}
