import ArgumentParser
import Datasets
import FedCore
import Federation
import Foundation
import Launching
import MPI
import NeuralNet
import Runtime

/// The command `fedmpi doctor`: says what the installation is, and what would keep a run from working.
///
/// It answers the questions that come before the first run on a cluster: which MPI library the binary found,
/// whether the launcher is understood, how many ranks share how many cores, what happens when a rank is killed,
/// which instruction set oneDNN uses, whether every rank can open the data, has the same binary and the same time, and whether
/// pictures can be drawn and runs be written. Run it the way the job will run, because most answers depend on the launcher
/// and the hosts.
///
/// All ranks take part; rank 0 prints one line per answer. Nothing is written.
///
/// Exit codes: 0 when the data can be opened on every rank, results can be written and all hosts of ``hostfile`` answer; 2
/// when not, after everything else has been printed.
struct Doctor: WorldCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this installation, the cluster and the data.",
        discussion: "Run it the way the job will run, e.g. mpirun -np 6 --hostfile hosts fedmpi doctor.")

    /// Path of a run's folder or a weights file. With it, the data are those that the file names, and they are
    /// compared by digest with those of the model's run; without it, those of `--dataset`.
    @Option(help: "A trained model to look for, with the data that its file names.")
    var model: String?

    /// Choice of the data set that every rank tries to open.
    @OptionGroup var data: TestDataOptions

    /// Number of 32-bit floats of an update, ≥ 1; nil times nothing. The number of a model's parameters gives the
    /// cost of one round's exchange with that model.
    @Option(help: "Also time the exchange of so many floats: broadcast down, gatherv up, without training.")
    var exchange: Int?

    /// Nil asks no host.
    @Option(help: "Also ask every host of this hostfile by ssh, as mpirun will.")
    var hostfile: String?

    /// Where runs would be written.
    @Option(help: "Folder of all runs.")
    var results = HistoryOptions.folder

    @OptionGroup var json: JSONOption

    /// Exchanges of each kind over which the medians are taken, ≥ 1.
    @Option(help: "Exchanges to time.")
    var repetitions = 200

    /// Refuses counts below 1 while the command line is parsed, before MPI is initialised.
    func validate() throws {
        if let exchange, exchange < 1 { throw ValidationError("--exchange must be at least 1") }
        if repetitions < 1 { throw ValidationError("--repetitions must be at least 1") }
        if let hostfile { _ = try Checkup.hosts(ofFile: hostfile) }
    }

    /// Looks at the job and prints what it found. Collective.
    ///
    /// The data are opened on every rank, not on rank 0 alone: a file that only some nodes see is the usual
    /// trouble of a first run on several hosts. The error of the lowest rank that fails is printed in its place
    /// among the answers and thrown at the end, so that one missing file does not hide the rest.
    ///
    /// - Parameter world: All ranks of the job.
    /// - Returns: Nil: nothing is left to be done once MPI is finalised.
    /// - Throws: `ConfigurationError` on every rank when one of them cannot open the model or the data.
    /// - Complexity: One pass over the splits' digests with `--model`; with `--exchange`, 2 · (repetitions + 5)
    ///   exchanges.
    func run(on world: any Communicator) throws -> (() -> Int32)? {
        let hosts = try world.hostNames()
        var found: (choice: ModelData, pair: DatasetPair)?
        let problem = try world.agree {
            let variant = try model.map { try Variant(reading: ModelArgument.path(of: $0)) }
            let choice = try data.choice(for: variant?.metadata ?? [:])
            found = (choice, try variant.map { try choice.open(for: $0.model) } ?? choice.open())
        }
        let benchmark = try exchange.map {
            try ExchangeBenchmark(floats: $0, repetitions: repetitions, on: world)
        }
        let facts = try HostFacts.gather(on: world)
        guard world.rank == 0 else {
            // Rank 0 throws it once it has said everything else, and then waits for the others.
            if let problem { throw problem }
            return nil
        }

        line("MPI", MPIWorld.libraryVersion)
        line("launched", Launch.isUnderLauncher ? "by an MPI launcher" : "alone; start it by mpirun for more ranks")
        line("ranks", "\(world.size) on \(Format.count(Set(hosts).count, "host"))")
        line("cores", HostFacts.cores(facts))
        line("losses", losses)
        line("oneDNN", "\(OneDNNLibrary.version), \(OneDNNLibrary.instructionSet)")
        line(
            "data", problem.map { "\($0)" } ?? found.map { Self.describe($0.choice, $0.pair) } ?? "",
            status: problem == nil ? nil : "error")
        for note in found?.pair.notes ?? [] {
            line("", (note.isWarning ? "warning: " : "") + note.text, status: note.isWarning ? "warning" : nil)
        }
        if let found, model != nil {
            for note in found.choice.notes(on: found.pair, usesTraining: true) { line("", note) }
        }
        if world.size == 1, exchange != nil {
            line("exchange", "none: one process has nobody to exchange with; mpirun -np 4 fedmpi doctor --exchange …")
        } else if let benchmark {
            let what = "median of \(repetitions) for \(Format.grouped(exchange ?? 0)) floats down and up"
            line("exchange", "\(Format.fixed(benchmark.median, 0)) us, \(what)")
            line(
                "",
                "\(Format.fixed(benchmark.blockingMedian, 0)) us by blocking MPI_Bcast and MPI_Gatherv, which keep a core busy while they wait; "
                    + "a killed rank ends the job there"
            )
        }
        let findings =
            Checkup.findings(facts, results: results) + (try hostfile.map { try Checkup.ask(hostsOf: $0) } ?? [])
        for finding in findings {
            line(finding.name, finding.text, finding.advice, status: finding.isFatal ? "error" : nil)
        }
        if let problem { throw problem }
        let code: Int32 = findings.contains(where: \.isFatal) ? 2 : 0
        return { code }
    }

    /// What `--json` prints of an answer.
    private struct Answer: Encodable {
        let about: String
        let found: String
        let advice: String?
        /// `ok`, `warning` where there is advice, `error` where a run cannot go well.
        let status: String
    }

    /// Prints an answer behind its name, in a column of ten characters, and below it what to do where something is to be
    /// done; a line that continues the one above has no name.
    private func line(_ name: String, _ text: String, _ advice: String? = nil, status: String? = nil) {
        guard !json.isOn else {
            let answer = Answer(
                about: name, found: text, advice: advice, status: status ?? (advice == nil ? "ok" : "warning"))
            return Console.output((try? RunJSON.text(of: answer)) ?? "")
        }
        Console.output(Format.leftAligned(name, to: 10) + text)
        if let advice { Console.output(Format.leftAligned("", to: 10) + "to do: " + advice) }
    }

    /// A phrase for data that every rank could open: sizes of both splits, shape of an image, number of classes.
    private static func describe(_ choice: ModelData, _ data: DatasetPair) -> String {
        "\(choice.dataset.printable) found on every rank: \(Format.grouped(data.train.count)) to train, "
            + "\(Format.grouped(data.test.count)) to test, \(data.train.shape), \(data.train.classes) classes"
    }

    /// A phrase for what happens to the job when a client rank is killed: whether guardians stand between the
    /// launcher and the ranks decides (``Guardian/policy``).
    private var losses: String {
        switch Guardian.policy {
        case .oneProcess: "not applicable: one process"
        case .recovery: "a killed rank does not end the job; mpirun, with recovery on, returns 0 whatever happens"
        case .guarded: "a killed client rank does not end the job"
        case .fatal(let reason): "a killed rank ends the job: \(reason)"
        }
    }
}
