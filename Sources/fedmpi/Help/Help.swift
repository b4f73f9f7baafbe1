import ArgumentParser
import FedCore
import Foundation

/// The texts that a user reads instead of a run: help and errors of the command line.
enum Help {
    /// The text of a request for help, or of another message that the parser throws but that is no error, such as the
    /// version.
    ///
    /// `fedmpi --help` shows the options of `fedmpi train`, too: they are what most users look for.
    ///
    /// - Parameters:
    ///   - error: what the parser threw.
    ///   - arguments: as given, without the program's name.
    static func text(for error: any Error, _ arguments: [String]) -> String {
        let text = FedMPI.fullMessage(for: error)
        guard arguments == ["--help"] || arguments == ["-h"] || arguments == ["help"] else { return text }
        let options = FedMPI.helpMessage(for: Train.self)
        // Behind the overview and the usage stand the sections, whose titles are capitals.
        let first = TrainingScope.groups.first.map { "\n\($0.title.uppercased()):" } ?? "OPTIONS:"
        let start = options.range(of: first)?.lowerBound ?? options.startIndex
        return text + "\n\nOptions of `fedmpi train`, which is meant where no command is named:\n" + options[start...]
    }

    /// The names of all commands, in the order of the overview.
    static var commands: [String] { FedMPI.configuration.subcommands.map(name) }

    /// A command's name: the one it declares, or its type's in lower case, as the parser does it.
    private static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "\(command)".lowercased()
    }

    /// An error as one line without a line break. An option that training does not know is answered with the nearest of
    /// those it knows, which is the parser's hint, or with a list of all.
    ///
    /// - Parameters:
    ///   - error: any error of the command line or of a command.
    ///   - arguments: as given, without the program's name: an unknown option of another command gets no such list.
    static func line(for error: any Error, _ arguments: [String]) -> String {
        if let error = error as? ConfigurationError { return error.description }
        // Only what the parser makes has words of its own there.
        guard String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") else { return error.line }
        var line = FedMPI.message(for: error).split(separator: "\n").joined(separator: " ")
        let others = FedMPI.configuration.subcommands.filter { $0 != Train.self }.map(name)
        if line.hasPrefix("Unknown option"), !line.contains("Did you mean"), !others.contains(arguments.first ?? "") {
            let names = TrainingScope.names + ["resume", "from", "config"]
            line += "; options: " + names.map { "--\($0)" }.joined(separator: " ")
        }
        return line.prefix(1).lowercased() + line.dropFirst()
    }
}
