import ArgumentParser
import Datasets
import FedCore
import Federation
import Foundation
import Launching
import MPI
import NeuralNet
import Runtime

/// `fedmpi doctor`.
struct Doctor: WorldCommand {
    static let configuration = CommandConfiguration(
        abstract: "Say what this installation is and what would keep a run from working.",
        discussion: "Run it the way the job will run, e.g. mpirun -np 6 --hostfile hosts fedmpi doctor.")

    @Option(help: "A trained model to look for, with the data that its file names.")
    var model: String?

    @OptionGroup var data: TestDataOptions

    @Option(help: "Also time the exchange of so many floats: broadcast down, gatherv up, without training.")
    var exchange: Int?

    @Option(help: "Exchanges to time.")
    var repetitions = 200

    func validate() throws {
        if let exchange, exchange < 1 { throw ValidationError("--exchange must be at least 1") }
        if repetitions < 1 { throw ValidationError("--repetitions must be at least 1") }
    }

    func run(on world: any Communicator) throws -> (() -> Int32)? {
        let hosts = try world.hostNames()
        var found: (choice: ModelData, pair: DatasetPair)?
        let problem = try world.agree {
            let variant = try model.map { try Variant(reading: $0) }
            let choice = try data.choice(for: variant?.metadata ?? [:])
            found = (choice, try variant.map { try choice.open(for: $0.model) } ?? choice.open())
        }
        let benchmark = try exchange.map {
            try ExchangeBenchmark(floats: $0, repetitions: repetitions, on: world)
        }
        guard world.rank == 0 else {
            // Rank 0 throws it once it has said everything else, and then waits for the others.
            if let problem { throw problem }
            return nil
        }

        line("MPI", MPIWorld.libraryVersion)
        line("launched", Launch.isUnderLauncher ? "by an MPI launcher" : "alone; start it by mpirun for more ranks")
        let perHost = Dictionary(grouping: hosts, by: { $0 }).mapValues(\.count)
        line("ranks", "\(world.size) on \(Format.count(perHost.count, "host"))")
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let here = perHost[hosts[0]] ?? 1
        line(
            "cores",
            "\(cores) on \(hosts[0]) for \(Format.count(here, "rank"))"
                + (here > cores ? "; ranks share cores, and waiting ranks sleep" : ""))
        line("losses", losses)
        line("oneDNN", "\(OneDNNLibrary.version), \(OneDNNLibrary.instructionSet)")
        line("data", problem.map { "\($0)" } ?? found.map { Self.describe($0.choice, $0.pair) } ?? "")
        for note in found?.pair.notes ?? [] { line("", (note.isWarning ? "warning: " : "") + note.text) }
        if let found, model != nil {
            for note in found.choice.notes(on: found.pair, usesTraining: true) { line("", note) }
        }
        if let benchmark {
            let what = "median of \(repetitions) for \(Format.grouped(exchange ?? 0)) floats down and up"
            line("exchange", "\(Format.fixed(benchmark.median, 0)) us, \(what)")
            line(
                "",
                "\(Format.fixed(benchmark.blockingMedian, 0)) us by MPI_Bcast and MPI_Gatherv alone, which no rank survives"
            )
        }
        if let problem { throw problem }
        return nil
    }

    private func line(_ name: String, _ text: String) {
        Console.output(Format.leftAligned(name, to: 10) + text)
    }

    private static func describe(_ choice: ModelData, _ data: DatasetPair) -> String {
        "\(choice.dataset.printable) found on every rank: \(Format.grouped(data.train.count)) to train, "
            + "\(Format.grouped(data.test.count)) to test, \(data.train.shape), \(data.train.classes) classes"
    }

    /// What becomes of the job when a client rank is killed.
    private var losses: String {
        switch Guardian.policy {
        case .oneProcess: "not applicable: one process"
        case .recovery: "a killed rank does not end the job; mpirun, with recovery on, returns 0 whatever happens"
        case .guarded: "a killed client rank does not end the job"
        case .fatal(let reason): "a killed rank ends the job: \(reason)"
        }
    }
}
