public import ArgumentParser
public import Dashboard
import FedCore
import Foundation
import Logging
import Recording
import RunQueue

/// The program `fedmpi-dashboard`, which `fedmpi dashboard` starts: pages and a REST API over a results folder.
///
/// Exit codes: 0 after SIGTERM or SIGINT; 1 when the server fails; 2 for options that do not work.
@main
struct FedMPIDashboard: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fedmpi-dashboard",
        abstract: "Show runs in a browser, start and stop them there; the same as a REST API.",
        discussion: """
            It listens on this machine alone unless --host says otherwise; from elsewhere: ssh -L 8800:127.0.0.1:8800 HOST, then open the link \
            that it prints. A link lets one browser in, once; the token, which programs send as Authorization: Bearer TOKEN, does so always.
            """,
        version: Version.current)

    /// Made when missing: a dashboard may be there before the first run.
    @Option(help: "Folder of all runs, in which their history is.") var results = "results"
    /// Anything but the loopback interface lets other machines in; then TLS is worth its trouble.
    @Option(help: "Address to listen on.") var host = "127.0.0.1"
    /// The address with the real port is the first line that is printed.
    @Option(help: "Port; 0: any that is free.") var port = 8800
    /// Names beside localhost and the address itself.
    @Option(help: "Another name by which browsers may call it; may be repeated.") var name: [String] = []
    /// Nil: one token with every right is made up at each start, and printed with a link.
    @Option(
        help: "File of tokens, a line each: NAME read|run|admin SHA-256 [YYYY-MM-DD]. (default: one token, made up)")
    var tokens: String?
    /// Beside ``tlsKey``; TLS 1.2 or newer.
    @Option(help: "Certificate chain in PEM, for TLS.") var tlsCertificate: String?
    /// Beside ``tlsCertificate``.
    @Option(help: "Its private key in PEM.") var tlsKey: String?
    /// Also asked for the names of plug-ins, and for what is wrong with settings.
    @Option(help: "The fedmpi to start runs with. (default: the one beside this program, or on the PATH)") var program:
        String?
    /// The wrapper beside fedmpi, where there is one, allows more ranks than cores, and root.
    @Option(help: "The mpirun to start runs with. (default: the one beside fedmpi, or on the PATH)") var mpirun: String?
    /// At least 1.
    @Option(help: "Cores that runs may take together. (default: those of this machine)") var cores: Int?
    /// None by default: settings come over a network.
    @Option(help: "Folder below which settings may name files, such as data and models; may be repeated.") var allow:
        [String] = []
    /// Nil refuses requests for `sbatch`.
    @Option(help: "Slurm's batch script (scripts/slurm.sbatch): lets requests ask for sbatch.") var slurmScript: String?
    /// In the long run; ten times as many at once.
    @Option(help: "Requests a second from one address.") var rate = 100.0
    /// The line goes to standard output, for the file; the token itself to standard error, for whoever it is for.
    @Flag(help: "Print a line for a file of tokens, with a new token, and end.") var newToken = false
    /// As little as does it.
    @Option(help: "Role of the new token.") var role = Role.read

    /// Refuses values that no server can have.
    func validate() throws {
        func refuse(_ text: String) -> any Error { ValidationError(text) }
        guard (0...65_535).contains(port) else { throw refuse("--port is \(port); it must be from 0 to 65535") }
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw refuse("--tls-certificate and --tls-key go together")
        }
        guard rate > 0, rate.isFinite else { throw refuse("--rate is \(rate); it must be greater than 0") }
        if let cores, cores < 1 { throw refuse("--cores is \(cores); it must be at least 1") }
    }

    /// Makes a token, or serves until it is told to end.
    ///
    /// - Throws: `ExitCode` 2 for what the user can mend, after its line.
    func run() async throws {
        if newToken {
            let token = Tokens.random()
            print(Tokens.line(name: name.first ?? "somebody", role: role, token: token))
            FileHandle.standardError.write(Data("token: \(token)\n".utf8))
            return
        }
        do {
            try await serve()
        } catch let error as ConfigurationError {
            FileHandle.standardError.write(Data("fedmpi-dashboard: \(error)\n".utf8))
            throw ExitCode(2)
        }
    }

    /// Serves.
    ///
    /// - Throws: `ConfigurationError` for programs, files, names and ports that do not work.
    private func serve() async throws {
        var queue = try QueueConfiguration(results: results, program: program, mpirun: mpirun)
        if let cores { queue.cores = cores }
        queue.readableFolders = allow
        queue.slurm = slurmScript.map { SlurmCommands(script: $0) }
        let token = tokens == nil ? Tokens.random() : nil
        var configuration = DashboardConfiguration(
            queue: queue, tokens: try tokens.map { try Tokens(file: $0) } ?? Tokens(administrator: token ?? ""),
            hasLink: token != nil)
        (configuration.host, configuration.port, configuration.names) = (host, port, name)
        configuration.requestsPerSecond = rate
        if let tlsCertificate, let tlsKey { configuration.tls = (tlsCertificate, tlsKey) }
        var logger = Logger(label: "fedmpi-dashboard") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .warning
        let server = try DashboardServer(configuration, logger: logger)
        try await server.run { address in
            var lines = "dashboard  \(address)\n"
            if let token { lines += "open       \(server.link(at: address) ?? address)\ntoken      \(token)\n" }
            FileHandle.standardOutput.write(Data(lines.utf8))
        }
    }
}

extension Role: ExpressibleByArgument {}
