import FedCore
import Foundation

/// What `fedmpi help settings --json` says of plug-ins: asked once, of the very program that runs are started with, so that the
/// form and the program agree. (The settings themselves are declared in a library that both have.)
struct SettingsCatalog: Sendable, Decodable {
    /// A plug-in.
    struct Plugin: Sendable, Decodable {
        /// Its catalog: `strategy`.
        let kind: String
        /// As it is named on the command line.
        let name: String
        /// What may stand behind the name; empty: nothing.
        let usage: String
        /// In a line.
        let summary: String
    }

    let plugins: [Plugin]

    /// Asks the program.
    ///
    /// - Parameter program: path of `fedmpi`.
    /// - Throws: `ConfigurationError` when it cannot be started, or says something else.
    init(askedOf program: String) throws(ConfigurationError) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["help", "settings", "--json"]
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        do {
            try process.run()
            let data = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw ConfigurationError("'\(program)' does not tell its settings: is it fedmpi?")
        }
    }
}
