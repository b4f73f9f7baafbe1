import FedCore
import Federation
import Foundation
import Privacy

/// What `fedmpi audit` prints: the claim, what was planted, the bounds side by side, and the verdict.
struct AuditReport {
    private let outcome: AuditOutcome

    /// Reports an outcome.
    init(_ outcome: AuditOutcome) { self.outcome = outcome }

    /// The claim, the canaries, the bounds and the verdict.
    var text: String {
        let share = AuditBound.Kind.allCases.count
        let each = 100 - 100 * (1 - outcome.confidence) / Double(share)
        var table = TextTable([
            ("bound", .left), ("guesses", .right), ("right", .right), ("epsilon at least", .right), ("rests on", .left),
        ])
        for bound in outcome.bounds {
            table.add([
                bound.kind.rawValue, Format.grouped(bound.guesses.made), Format.grouped(bound.guesses.right),
                NumberText.fixed(bound.epsilon, 3), Self.meaning(bound.kind),
            ])
        }
        return """
            claim     epsilon \(NumberText.fixed(outcome.epsilon, 3)) at delta \(outcome.delta) by pld: \(outcome.mechanism), noise \
            multiplier \(PrivacyAnswer.number(outcome.noise)), \(Format.count(outcome.rounds, "round"))
            canaries  \(Format.count(outcome.canaries, outcome.unit)), \(outcome.included) of them in, each with probability 1/2 \
            (--audit-seed \(outcome.seed))

            \(table.text)

            each at \(NumberText.fixed(each, 1)) % confidence, all together at \(PrivacyAnswer.number(100 * outcome.confidence)) %
            verdict   \(verdict)
            """
    }

    /// What was found, in a line.
    private var verdict: String {
        let bound = NumberText.fixed(outcome.lowerBound, 3)
        let claim = NumberText.fixed(outcome.epsilon, 3)
        guard !outcome.isViolated else {
            return "violated: epsilon is at least \(bound), and the accountant says \(claim)"
        }
        let share = outcome.epsilon > 0 ? Int((100 * outcome.lowerBound / outcome.epsilon).rounded()) : 0
        return "consistent: epsilon is at least \(bound), \(share) % of the accountant's \(claim)"
    }

    /// The line on standard error when the claim does not hold.
    var violation: String {
        "the audit is violated: epsilon is at least \(NumberText.fixed(outcome.lowerBound, 3)) at "
            + "\(PrivacyAnswer.number(100 * outcome.confidence)) % confidence, and the accountant says "
            + NumberText.fixed(outcome.epsilon, 3)
    }

    /// What a bound takes for granted.
    private static func meaning(_ kind: AuditBound.Kind) -> String {
        switch kind {
        case .independent: "noise that is independent in all coordinates, as the mechanism has it"
        case .curve: "the whole privacy curve, one run"
        case .point: "epsilon and delta alone, one run"
        }
    }

    /// The object of `--json` and of `audit.json`.
    private struct Whole: Encodable {
        let mechanism, unit, verdict: String
        let epsilon, delta, noiseMultiplier, confidence, epsilonLowerBound: Double
        let rounds, canaries, included: Int
        let auditSeed: UInt64
        let bounds: [Bound]

        /// One lower bound.
        struct Bound: Encodable {
            let kind: AuditBound.Kind
            let guesses, right: Int
            let epsilon: Double
            let refutesClaim: Bool
        }
    }

    /// One JSON object.
    func json(isPretty: Bool) throws -> String {
        let whole = Whole(
            mechanism: outcome.mechanism, unit: outcome.unit, verdict: outcome.isViolated ? "violated" : "consistent",
            epsilon: outcome.epsilon, delta: outcome.delta, noiseMultiplier: outcome.noise,
            confidence: outcome.confidence, epsilonLowerBound: outcome.lowerBound, rounds: outcome.rounds,
            canaries: outcome.canaries, included: outcome.included, auditSeed: outcome.seed,
            bounds: outcome.bounds.map {
                Whole.Bound(
                    kind: $0.kind, guesses: $0.guesses.made, right: $0.guesses.right, epsilon: $0.epsilon,
                    refutesClaim: $0.refutesClaim)
            })
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = isPretty ? [.sortedKeys, .prettyPrinted] : [.sortedKeys]
        return String(decoding: try encoder.encode(whole), as: UTF8.self)
    }
}
