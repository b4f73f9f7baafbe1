import FedCore
import Foundation
import Privacy

/// What `fedmpi privacy` prints: ε of a plan by every accountant, its course over the rounds,
/// and what was found for a budget.
struct PrivacyAnswer {
    /// How records come into rounds.
    let plan: PrivacyPlan
    /// σ over the sensitivity: given, or found.
    let noise: Double
    /// Number of rounds: given, or found.
    let rounds: Int
    /// δ of everything together.
    let delta: Double
    /// Whose ε the headline has.
    let accountant: PrivacyAccountantKind
    /// ε after all rounds.
    let epsilons: PrivacyFigures
    /// ε after some of the rounds, ascending.
    let curve: [(rounds: Int, epsilons: PrivacyFigures)]
    /// The budget, if one was given.
    var budget: Double?
    /// The noise that each accountant asks for within the budget, if it was found.
    var noises: PrivacyFigures?
    /// The rounds that each accountant allows within the budget, if they were found.
    var counts: PrivacyFigures?

    /// Computes ε after all rounds, and after some.
    /// - Parameters:
    ///   - plan: how records come into rounds.
    ///   - noise: σ over the sensitivity.
    ///   - rounds: how many, from 1.
    ///   - delta: δ in (0, 1).
    ///   - accountant: whose ε the headline has.
    ///   - curve: rows of the curve, spread evenly; fewer when there are fewer rounds.
    init(
        _ plan: PrivacyPlan, noise: Double, rounds: Int, delta: Double, accountant: PrivacyAccountantKind, curve: Int
    ) throws(ConfigurationError) {
        guard plan.takes(accountant) else { throw plan.refusal(of: accountant) }
        self.plan = plan
        self.noise = noise
        self.rounds = rounds
        self.delta = delta
        self.accountant = accountant
        epsilons = try plan.epsilons(noise: noise, rounds: rounds, delta: delta)
        var rows: [(rounds: Int, epsilons: PrivacyFigures)] = []
        for row in 1..<max(curve + 1, 1) {
            let count = Int((Double(rounds) * Double(row) / Double(curve)).rounded())
            guard count >= 1, count > rows.last?.rounds ?? 0 else { continue }
            rows.append(
                (count, count == rounds ? epsilons : try plan.epsilons(noise: noise, rounds: count, delta: delta)))
        }
        self.curve = rows
    }

    /// Prints the headline, the accountants side by side, what was found, and the curve.
    func print() {
        Console.output(headline)
        Console.output("relation  \(plan.relation.rawValue): \(plan.relation.meaning)\n")
        Console.output(figuresTable.text)
        if plan.takes(.prv), let prv = epsilons.prv, let lower = prv.lower {
            Console.output(
                "\nprv says from \(Self.number(lower)) to \(Self.number(prv.upper)), and most likely \(Self.number(prv.epsilon)); "
                    + "the others are upper bounds")
        }
        guard curve.count > 1 else { return }
        Console.output("\nepsilon over rounds, noise multiplier \(Self.number(noise)):")
        var table = TextTable([("rounds", .right)] + PrivacyFigures.titles.map { ($0, .right) })
        for (rounds, epsilons) in curve {
            table.add([Format.grouped(rounds)] + epsilons.inOrder.map(Self.number))
        }
        Console.output(table.text)
    }

    /// One line with everything that an ε needs to be compared.
    var headline: String {
        let epsilon = epsilons.of(accountant).map(Self.number) ?? "-"
        let sample =
            switch plan.sampling {
            case .tree: "one tree over \(Format.count(rounds, "step"))"
            case .poisson where plan.rate == 1: "everybody, \(Format.count(rounds, "round"))"
            case .poisson: "Poisson samples at rate \(Self.number(plan.rate)), \(Format.count(rounds, "round"))"
            case .fixed:
                "samples of a fixed size, a share of \(Self.number(plan.rate)), \(Format.count(rounds, "round"))"
            }
        return "epsilon   \(epsilon) at delta \(delta) by \(accountant.rawValue), \(accountant.title): "
            + "Gaussian noise \(Self.number(noise)), \(sample)"
    }

    /// The accountants side by side, with what each found.
    private var figuresTable: TextTable {
        let found = noises ?? counts
        var columns: [(title: String, alignment: TextTable.Alignment)] = [("accountant", .left), ("epsilon", .right)]
        if found != nil, let budget {
            columns.append((noises != nil ? "noise for epsilon \(budget)" : "rounds for epsilon \(budget)", .right))
        }
        var table = TextTable(columns)
        for (i, title) in PrivacyFigures.titles.enumerated() {
            var cells = [title, Self.number(epsilons.inOrder[i])]
            if let found {
                let value = found.inOrder[i]
                cells.append(noises != nil ? Self.number(value) : value.map { Format.grouped(Int($0)) } ?? "-")
            }
            table.add(cells)
        }
        return table
    }

    /// A number to six significant digits, as short as it is.
    static func number(_ value: Double?) -> String {
        guard let value else { return "-" }
        return value.isFinite ? String(format: "%.6g", value) : "infinite"
    }

    /// The object that `--json` prints, in one line. Infinite figures are the text `infinity`.
    private struct Whole: Encodable {
        let relation, sampling, accountant: String
        let noiseMultiplier, samplingRate, delta: Double
        let rounds: Int
        let epsilon: [String: Double]
        let budget: Double?
        let noiseMultiplierFor, roundsFor: [String: Double]?
        let curve: [Row]

        /// ε after some rounds.
        struct Row: Encodable {
            let rounds: Int
            let epsilon: [String: Double]
        }
    }

    /// Prints one JSON object.
    func printJSON() throws {
        let whole = Whole(
            relation: plan.relation.rawValue, sampling: plan.sampling.rawValue, accountant: accountant.rawValue,
            noiseMultiplier: noise, samplingRate: plan.rate, delta: delta, rounds: rounds, epsilon: epsilons.byName,
            budget: budget, noiseMultiplierFor: noises?.byName, roundsFor: counts?.byName,
            curve: curve.map { Whole.Row(rounds: $0.rounds, epsilon: $0.epsilons.byName) })
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "infinity", negativeInfinity: "-infinity", nan: "nan")
        Console.output(String(decoding: try encoder.encode(whole), as: UTF8.self))
    }
}
