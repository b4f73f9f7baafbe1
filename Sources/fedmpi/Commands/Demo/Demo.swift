import ArgumentParser
import FedCore
import Foundation
import Launching
import Recording

/// `fedmpi demo`.
struct Demo: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The whole story in one go: partition, training, distillation, int8, a fleet, split inference.",
        discussion: """
            Runs fedmpi's own commands, each as it is shown, on real images, and ends with one page that has the outcome \
            and the pictures. Start it without mpirun.
            """)

    @Option(help: "Ranks: the server, and a client or device each.")
    var ranks = 6

    @Option(help: "Rounds that the first model trains, and each of its students.")
    var rounds = 10

    @Option(help: "Seed of everything that is drawn.")
    var seed: UInt64 = 42

    @Option(help: "Folder of all runs; what the demonstration leaves goes into one folder of it.")
    var results = "results"

    @Option(help: "Name of that folder. (default: demo- and date and time)")
    var runName: String?

    func validate() throws {
        guard ranks >= 2 else { throw ConfigurationError("--ranks is \(ranks); a server and a client are 2") }
        guard rounds >= 1 else { throw ConfigurationError("--rounds is \(rounds); it must be at least 1") }
    }

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
        for (index, step) in story.steps.enumerated() {
            Console.output(
                "\n\(index + 1) of \(story.steps.count)  \(step.title)\n  \(step.reason)\n$ \(step.commandLine)\n")
            do {
                try launcher.run(ranks: step.ranks, step.arguments)
            } catch {
                if let reason = error.reason { Console.error("fedmpi: \(reason)") }
                Console.error(
                    "fedmpi: the demonstration ends here: its step \(index + 1) ended with code \(error.code)")
                throw ExitCode(error.code)
            }
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try DemoSummary(story, seconds: seconds).write()
    }
}
