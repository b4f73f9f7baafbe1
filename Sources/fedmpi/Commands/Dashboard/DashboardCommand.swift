import ArgumentParser
import FedCore
import Foundation

/// The command `fedmpi dashboard`: becomes the program `fedmpi-dashboard`, with the same arguments.
///
/// That is a program of its own, so that what trains needs no web server: it is built apart, and a cluster's nodes do without it.
struct DashboardCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dashboard", abstract: "Show, start and stop runs in a browser; REST API.",
        discussion: """
            It is a program of its own, fedmpi-dashboard: beside fedmpi, on the PATH, or what
            FEDMPI_DASHBOARD names; scripts/dashboard builds it. `fedmpi dashboard --help` lists
            its options then, and docs/DASHBOARD.md tells more.
            """)

    /// Whatever stands behind the command.
    @Argument(parsing: .captureForPassthrough, help: .hidden) var arguments: [String] = []

    /// Takes the program that `FEDMPI_DASHBOARD` names, or looks beside this one, then on the `PATH`.
    ///
    /// - Throws: `ConfigurationError` when the program is not there, or cannot be started.
    func run() throws {
        let name = "fedmpi-dashboard"
        let own =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        let beside = URL(fileURLWithPath: own).deletingLastPathComponent().path
        let environment = ProcessInfo.processInfo.environment
        let folders = [beside] + (environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let named = environment["FEDMPI_DASHBOARD"].map { [$0] }
        guard
            let program = (named ?? folders.map { "\($0)/\(name)" }).first(where: FileManager.default.isExecutableFile)
        else {
            throw ConfigurationError(
                named.map { "FEDMPI_DASHBOARD is '\($0[0])', which is no program" }
                    ?? "there is no \(name) beside fedmpi or on the PATH: scripts/dashboard builds and starts it, and "
                    + "FEDMPI_DASHBOARD names one that is elsewhere")
        }
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        execv(program, words)
        throw ConfigurationError("cannot start '\(program)': \(String(cString: strerror(errno)))")
    }
}
