import Analysis
import ArgumentParser
import FedCore
import Foundation
import Privacy

/// The command `fedmpi privacy`: what a plan of rounds costs, and what a budget allows, without
/// a run.
///
/// Two of noise, ε and the number of rounds are given, and the third is the answer. Every
/// accountant gives its figure, so that one can be compared with a paper's or another
/// library's; the one of `--accountant` is what a run with a budget would hold to.
///
/// ```
/// fedmpi privacy --noise 1.1 --rate 0.01 --rounds 1000            ε
/// fedmpi privacy --epsilon 8 --cohort 100 --clients 10000 --rounds 1000    the noise for it
/// fedmpi privacy --epsilon 8 --noise 1.1 --rate 0.01              how many rounds
/// fedmpi privacy --noise 8.83 --rounds 1600 --sampling tree       DP-FTRL
/// fedmpi privacy … --json                                         for a program
/// fedmpi privacy … --output pictures                              ε over the rounds, drawn
/// ```
/// Exit codes: 0; 2 for options that do not work.
struct PrivacyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "privacy",
        abstract: "Compute epsilon of a plan, or the plan that an epsilon allows.",
        discussion: """
            fedmpi privacy --noise 1.1 --rate 0.01 --rounds 1000      epsilon
            fedmpi privacy --epsilon 8 --rate 0.01 --rounds 1000      the noise for it
            fedmpi privacy --epsilon 8 --noise 1.1 --rate 0.01        how many rounds

            The settings of a run that is to be private: fedmpi help dp
            """)

    /// σ over the clipping norm: over what one record can change the sum by.
    @Option(help: "Noise multiplier: standard deviation of the noise over the sensitivity.")
    var noise: Double?

    /// The budget.
    @Option(help: "Epsilon to be kept: the noise, or the number of rounds, is found for it.")
    var epsilon: Double?

    /// Below one over the number of records, by a good deal.
    @Option(help: "Delta, above 0 and below 1.")
    var delta = 1e-5

    /// Steps of DP-SGD, rounds of DP-FedAvg.
    @Option(help: "Number of rounds, or steps.")
    var rounds: Int?

    /// q. With neither this nor a cohort everybody takes part in every round.
    @Option(help: "Probability of each record to take part in a round.")
    var rate: Double?

    /// m of m of n.
    @Option(help: "Records in a round, in the mean or exactly, of --clients; instead of --rate.")
    var cohort: Int?

    /// n of m of n.
    @Option(help: "Number of all records that --cohort is of.")
    var clients: Int?

    /// How records come into a round.
    @Option(
        help: "How: poisson, fixed (rdp only, replace one), or tree (DP-FTRL, each record in one step, zero out one).")
    var sampling = PrivacyPlan.Sampling.poisson

    /// What the headline, the curve's noise and the number of rounds are of.
    @Option(help: "Whose epsilon is kept: pld, prv (its upper bound), or rdp.")
    var accountant = Accountant.pld

    /// The names of `PrivacyAccountantKind`, as an option takes them.
    enum Accountant: String, CaseIterable, ExpressibleByArgument {
        case rdp, pld, prv

        /// The accountant that is meant.
        var kind: PrivacyAccountantKind {
            switch self {
            case .rdp: .rdp
            case .pld: .pld
            case .prv: .prv
            }
        }
    }

    /// Rows of the table over rounds.
    @Option(help: "Rows of the table of epsilon over rounds; 0 for none.")
    var curve = 10

    /// Made if it is not there; what is in it under the same names is replaced.
    @Option(help: "A folder for a picture of epsilon over rounds, and its data.")
    var output: String?

    @Flag(help: "Print a JSON object instead of tables.")
    var json = false

    /// Computes, prints and draws.
    /// - Throws: `ConfigurationError` for options that do not work; `FileError` when the
    ///   picture cannot be written.
    /// - Complexity: a tenth of a second, and some 25 ms for each row of the curve.
    func run() throws {
        let answer = try answer()
        if json { try answer.printJSON() } else { answer.print() }
        guard let output else { return }
        let folder = URL(fileURLWithPath: output, isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        switch try Gnuplot.draw([.privacyRounds(answer)], in: folder) {
        case .drawn: if !json { Console.output("picture   \(output)/privacy_rounds.png") }
        case .missing: Console.error(Gnuplot.advice)
        case .failed(let reason): Console.error("no picture: \(reason)")
        }
    }

    /// Everything that is printed.
    /// - Throws: `ConfigurationError` for options that do not work.
    func answer() throws(ConfigurationError) -> PrivacyAnswer {
        guard (0...1_000).contains(curve) else {
            throw ConfigurationError("--curve is \(curve); it must be from 0 to 1,000")
        }
        if let rounds, !(1...PrivacyPlan.mostRounds).contains(rounds) {
            throw ConfigurationError(
                "--rounds is \(rounds); it must be from 1 to \(Format.grouped(PrivacyPlan.mostRounds))")
        }
        let accountant = accountant.kind
        let plan = try PrivacyPlan(sampling: sampling, rate: rate, cohort: cohort, clients: clients)
        switch (noise, epsilon, rounds) {
        case (let noise?, nil, let rounds?):
            return try PrivacyAnswer(
                plan, noise: noise, rounds: rounds, delta: delta, accountant: accountant, curve: curve)
        case (nil, let epsilon?, let rounds?):
            let noises = try plan.noises(epsilon: epsilon, delta: delta, rounds: rounds)
            guard let noise = noises.of(accountant) else { throw plan.refusal(of: accountant) }
            var answer = try PrivacyAnswer(
                plan, noise: noise, rounds: rounds, delta: delta, accountant: accountant, curve: curve)
            answer.budget = epsilon
            answer.noises = noises
            return answer
        case (let noise?, let epsilon?, nil):
            let counts = try plan.counts(epsilon: epsilon, delta: delta, noise: noise)
            guard let rounds = counts.of(accountant) else { throw plan.refusal(of: accountant) }
            guard rounds >= 1 else {
                throw ConfigurationError(
                    "one round at noise \(noise) costs more than epsilon \(epsilon) at delta \(delta)")
            }
            var answer = try PrivacyAnswer(
                plan, noise: noise, rounds: Int(rounds), delta: delta, accountant: accountant, curve: curve)
            answer.budget = epsilon
            answer.counts = counts
            return answer
        default:
            throw ConfigurationError("give two of --noise, --epsilon and --rounds; the third is found")
        }
    }
}

extension PrivacyPlan.Sampling: ExpressibleByArgument {}
