import ArgumentParser
import FedCore
import Foundation

/// The texts that a user reads instead of a run: help and errors of the command line.
enum Help {
    /// The text of a request for help, or of another message that the parser throws but that is no error, such as the
    /// version, a shell's completions and the shape of the command line. `fedmpi` and `fedmpi train` have pages of their own, because the parser's would be longer than anybody reads.
    ///
    /// - Parameters:
    ///   - error: what the parser threw.
    ///   - arguments: as given, without the program's name.
    static func text(for error: any Error, _ arguments: [String]) -> String {
        let words = arguments.filter { $0 != "help" }
        let asks = words.isEmpty || words.count < arguments.count || words.contains("--help") || words.contains("-h")
        guard asks, !words.contains("--version") else { return FedMPI.fullMessage(for: error) }
        if words.isEmpty || words == ["--help"] || words == ["-h"] { return Overview.text }
        // Training is meant where no command is named.
        let isTraining = words[0] == name(of: Train.self) || words[0].hasPrefix("-")
        return isTraining ? TrainHelp.text : FedMPI.fullMessage(for: error)
    }

    /// The names of all commands, in the order of the overview.
    static var commands: [String] { FedMPI.configuration.subcommands.map(name) + ["help"] }

    /// A command's name: the one it declares, or its type's in lower case, as the parser does it.
    static func name(of command: any ParsableCommand.Type) -> String {
        command.configuration.commandName ?? "\(command)".lowercased()
    }

    /// An error as one line without a line break. A misspelt command or option is answered with the nearest of those
    /// that there are, or with the place where they are listed.
    ///
    /// - Parameters:
    ///   - error: any error of the command line or of a command.
    ///   - arguments: as given, without the program's name.
    static func line(for error: any Error, _ arguments: [String]) -> String {
        if let error = error as? ConfigurationError { return error.description }
        // Only what the parser makes has words of its own there.
        guard String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") else { return error.line }
        var line = FedMPI.message(for: error).split(separator: "\n").joined(separator: " ")
        if let command = misspelt(arguments),
            line.hasPrefix("Unexpected argument '\(command.word)'")
                || line.contains("unexpected arguments: '\(command.word)'")
        {
            return command.advice
        }
        // A command that has one by default takes a misspelt one for its argument.
        if let command = misspelt(arguments), command.advice.contains("did you mean"),
            line.contains("nexpected argument")
        {
            return command.advice
        }
        // What is missing is there, and misspelt.
        if line.hasPrefix("Missing expected argument"), let unknown = unknownOption(arguments) { return unknown }
        if line.hasPrefix("Unknown option") {
            let command =
                FedMPI.configuration.subcommands.map(name).first { $0 == arguments.first } ?? name(of: Train.self)
            let option = arguments.lazy.map { String($0.prefix { $0 != "=" }) }.first { line.contains("'\($0)'") } ?? ""
            if arguments.first == "help" { return "`fedmpi help` and a name take no option '\(option)'" }
            // What training takes is asked of another command.
            if command != name(of: Train.self), EveryScope.names.contains(where: { "--\($0)" == option }) {
                return
                    "unknown option '\(option)'; it is one of `fedmpi train`, and `fedmpi help \(command)` lists what there is here"
            }
            if !line.contains("Did you mean") { line += hint(for: option, among: EveryScope.names, of: command) }
        }
        return line.prefix(1).lowercased() + line.dropFirst()
    }

    /// An option that the command named first does not have, with the nearest that it has; nil without one.
    private static func unknownOption(_ arguments: [String]) -> String? {
        guard let command = FedMPI.configuration.subcommands.first(where: { name(of: $0) == arguments.first }) else {
            return nil
        }
        let known = FedMPI.helpMessage(for: command).matches(of: /--[a-z][a-z0-9-]*/).map { String($0.output) }
        let given = arguments.lazy.filter { $0.hasPrefix("--") }.map { String($0.prefix { $0 != "=" }) }
        guard let option = given.first(where: { !known.contains($0) && $0 != "--" }) else { return nil }
        let names = known.map { String($0.dropFirst(2)) }
        return "unknown option '\(option)'" + hint(for: option, among: names, of: name(of: command))
    }

    /// The end of a line about an option that there is not: the nearest that there is, or where they are listed.
    private static func hint(for option: String, among names: [String], of command: String) -> String {
        let nearest = NearestName.to(String(option.drop { $0 == "-" }), among: names)
        return nearest.map { "; did you mean '--\($0)'?" } ?? "; `fedmpi help \(command)` lists what there is"
    }

    /// A word that stands where a command's name would.
    ///
    /// - Returns: nil when there is none: the parser's words are better then.
    private static func misspelt(_ arguments: [String]) -> (word: String, advice: String)? {
        guard let first = arguments.first, !first.hasPrefix("-") else { return nil }
        func advice(_ word: String, _ kind: String, _ names: [String], _ help: String) -> (String, String) {
            let nearest = NearestName.question(for: word, among: names)
            return (word, "unknown \(kind) '\(word)'; \(nearest ?? "`\(help)` lists the commands")")
        }
        guard let command = FedMPI.configuration.subcommands.first(where: { name(of: $0) == first }) else {
            return advice(first, "command", commands, "fedmpi help")
        }
        let names = command.configuration.subcommands.map(name)
        guard !names.isEmpty, arguments.count > 1, !arguments[1].hasPrefix("-"), !names.contains(arguments[1]) else {
            return nil
        }
        return advice(arguments[1], "command of \(first)", names, "fedmpi help \(first)")
    }
}
