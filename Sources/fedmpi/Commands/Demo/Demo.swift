import ArgumentParser
import FedCore
import Foundation
import Launching
import Recording

/// The command `fedmpi demo`: the whole story in one go, for somebody who has just installed fedmpi.
///
/// It starts fedmpi's own commands as processes, one after the other, each shown as a person would type it: so
/// the demonstration can only do what the documented commands do, and every line of it can be repeated by hand.
/// It ends with a page that has the outcome and the pictures of all steps.
///
/// It is started without `mpirun`, since it starts `mpirun` itself. All files go into one folder below
/// ``results``. Exit codes: 0; 2 for bad options, a folder that exists, or a missing `mpirun`; the code of the
/// step that failed, or 128 + the signal that ended it.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "The whole story: training, distilling, int8, a fleet, a split.",
        discussion: """
            Runs fedmpi's own commands, each as it is shown, on real images, and ends with one page that has the outcome \
            and the pictures. Start it without mpirun.
            """)

    /// Ranks of each parallel step, ≥ 2. There may be more than cores: `mpirun` is told to allow it.
    @Option(help: "Ranks: the server, and a client or device each.")
    var ranks = 6

    /// Rounds of each training run, ≥ 1.
    @Option(help: "Rounds that the first model trains, and each of its students.")
    var rounds = 10

    /// Seed that all steps share, so that the partition that is shown is the one that is trained on.
    @Option(help: "Seed of everything that is drawn.")
    var seed: UInt64 = 42

    @Option(help: "Folder of all runs; what the demonstration leaves goes into one folder of it.")
    var results = "results"

    /// Name of the demonstration's folder; nil takes `demo-` and the time.
    @Option(help: "Name of that folder. (default: demo- and date and time)")
    var runName: String?

    /// Refuses counts with which no step could run.
    func validate() throws {
        guard ranks >= 2 else { throw ConfigurationError("--ranks is \(ranks); a server and a client are 2") }
        guard rounds >= 1 else { throw ConfigurationError("--rounds is \(rounds); it must be at least 1") }
    }

    /// Runs the steps in order and writes the page. Blocks for minutes.
    ///
    /// A step that fails ends it if later steps need its files; what the earlier steps left stays there. After any
    /// other, such as a fleet that has lost a device on a busy machine, it goes on, and the page says what is missing.
    ///
    /// - Throws: `ConfigurationError` before the first step; `ExitCode` with the code of the first step that failed,
    ///   which has said why.
    func run() throws {
        guard !Launch.isUnderLauncher else {
            throw ConfigurationError("fedmpi demo starts mpirun itself: start it without")
        }
        let launcher = Launcher()
        try launcher.requireMPIRun()
        let name = try FolderName(runName ?? "demo-" + RunFolder.datedName, option: "--run-name").text
        let folder = URL(fileURLWithPath: results, isDirectory: true).appendingPathComponent(name, isDirectory: true)
        let story = DemoStory(folder: folder, ranks: ranks, rounds: rounds, seed: seed)
        try story.prepare()
        let start = ContinuousClock.now
        var failed: [(title: String, code: Int32)] = []
        for (index, step) in story.steps.enumerated() {
            Console.output(
                "\n\(index + 1) of \(story.steps.count)  \(step.title)\n  \(step.reason)\n$ \(step.commandLine)\n")
            do {
                try launcher.run(ranks: step.ranks, step.arguments)
            } catch {
                if let reason = error.reason { Console.error("fedmpi: \(reason)") }
                // Above 128 it was stopped, and whoever did that means the whole.
                guard !step.isNeeded, error.code < 128 else {
                    Console.error(
                        "fedmpi: the demonstration ends here: its step \(index + 1) ended with code \(error.code)")
                    throw ExitCode(error.code)
                }
                Console.error(
                    "fedmpi: step \(index + 1) ended with code \(error.code); the demonstration goes on without it")
                failed.append((step.title, error.code))
            }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try DemoSummary(story, seconds: seconds, failed: failed).write()
        if let first = failed.first { throw ExitCode(first.code) }
    }
}
