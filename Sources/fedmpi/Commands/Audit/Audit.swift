import ArgumentParser
import FedCore
import Federation
import Foundation
import Launching
import MPI
import Records

/// The command `fedmpi audit`: a training run with differential privacy in which canaries are planted, and what guesses about them
/// show of ε: a lower bound, beside the accountant's upper one.
///
/// It takes the options of `fedmpi train` and runs alone in this process. No folder of a run is made: its weights have canaries
/// in them.
///
/// Exit codes: 0 where the bound is within what the accountant says; 1 where it is not, or the run failed; 2 for options that do
/// not work; 128 + n when signal n stopped it.
struct Audit: WorldCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Audit differential privacy with planted canaries.",
        discussion: """
            fedmpi audit --privacy central --clip 0.5 --epsilon 8 --clients 500
            fedmpi audit --privacy local --clip 0.5 --noise 4 --clients 500 --rounds 5
            fedmpi audit --privacy dp-sgd --clip 1 --noise 1 --clients 1 --rounds 5

            Takes the options of fedmpi train. Canaries are clients, of --privacy dp-sgd samples of one client; each is in with \
            probability 1/2. Ends with exit code 1 when they show more than the accountant says that they can.
            """)

    /// Number of canaries, among all clients or among the samples of one. More show more.
    @Option(help: "Number of canaries: clients, of --privacy dp-sgd samples of one client.")
    var canaries = 500

    /// Confidence of all bounds together.
    @Option(help: "Confidence of the lower bound, from 0.5 to below 1.")
    var confidence = 0.95

    /// Canaries, coins and directions follow from it, and nothing else of the run does.
    @Option(help: "Seed of canaries and of their coins. (default: drawn anew, and printed)")
    var auditSeed: UInt64?

    /// Made if it is not there.
    @Option(help: "A folder for audit.json.")
    var output: String?

    /// The options of `fedmpi train`.
    @OptionGroup var options: SettingsOptions<TrainingScope>

    /// Runs and concludes. Collective; refused on more than one rank.
    /// - Returns: the exit code, after what is printed.
    /// - Throws: `ConfigurationError`; `Interruption`; errors of the run and of files.
    func run(on world: any Communicator) throws -> (() -> Int32)? {
        guard world.size == 1 else {
            throw ConfigurationError("fedmpi audit runs in one process; start it without mpirun")
        }
        let stop = StopSignals.raiseFlag()
        var settings = options.settings(ranks: 1)
        try ModelFile.resolve(&settings)
        try FleetFile.resolve(&settings, options.choices.given)
        let start = try ModelFile.initialWeights(settings)
        let audit = try TrainingAudit(
            settings, from: start, canaries: canaries, seed: auditSeed ?? UInt64.random(in: 0...UInt64(UInt32.max)))
        let outcome = try audit.run(confidence: confidence, from: start, stop: stop, on: world)
        let report = AuditReport(outcome)
        if options.output.json {
            Console.output(try report.json(isPretty: false))
        } else if !options.output.quiet {
            Console.output(report.text)
        }
        if let output {
            let folder = URL(fileURLWithPath: output, isDirectory: true)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data((report.json(isPretty: true) + "\n").utf8).write(to: folder.appendingPathComponent("audit.json"))
        }
        guard outcome.isViolated else { return nil }
        Console.error("fedmpi: \(report.violation)")
        return { 1 }
    }
}
