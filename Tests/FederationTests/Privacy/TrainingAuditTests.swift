import FedCore
import MPITesting
import NeuralNet
import TestSupport
import Testing

@testable import Federation
@testable import Records

/// Audits of whole runs: what keeps its promise is not refuted, what has other noise or sampling than its accountant was told is.
@Suite(.tags(.wholeRun), .unlessQuick) struct TrainingAuditTests {
    /// 500 clients of 2 samples, a logistic regression, ε of some 5 for half of them in each of 8 rounds.
    private static func central(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        CentralPrivacyTests.settings {
            ($0.clients, $0.rounds, $0.samplesPerClient, $0.clientFraction) = (500, 8, 2, 0.5)
            ($0.noise, $0.evalEvery) = (1.5, 8)
            change(&$0)
        }
    }

    private static func local(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        central {
            ($0.privacy, $0.selection, $0.clientFraction) = (.local, "uniform", 1)
            ($0.noise, $0.rounds) = (4, 4)
            change(&$0)
        }
    }

    private static func samples(_ change: (inout RunSettings) -> Void = { _ in }) -> RunSettings {
        central {
            ($0.privacy, $0.selection, $0.clientFraction, $0.clients) = (.dpSGD, "uniform", 1, 1)
            ($0.samplesPerClient, $0.batchSize, $0.localSteps) = (500, 125, 10)
            ($0.noise, $0.rounds) = (1.5, 2)
            change(&$0)
        }
    }

    private static func audit(
        _ settings: RunSettings, claim: RunSettings? = nil, canaries: Int = 500, seed: UInt64 = 1
    ) throws -> AuditOutcome {
        try ThreadRanks.run(1) { communicator in
            try TrainingAudit(settings, claim: claim, canaries: canaries, seed: seed)
                .run(confidence: 0.95, on: communicator)
        }[0]
    }

    /// Whether one of two audits refutes a claim: one alone misses such faults once in thirty.
    private static func isCaught(_ settings: RunSettings, claim: RunSettings) throws -> Bool {
        for seed in [1, 2] as [UInt64] {
            let outcome = try audit(settings, claim: claim, seed: seed)
            if outcome.isViolated { return outcome.lowerBound > outcome.epsilon }
        }
        return false
    }

    /// - Parameter share: of the accountant's ε that is to be shown, in the mean.
    private static func expectSound(_ settings: RunSettings, share: Double) throws {
        var shares: [Double] = []
        for seed in 1...3 as ClosedRange<UInt64> {
            var settings = settings
            settings.seed = seed
            let outcome = try audit(settings, seed: seed)
            #expect(!outcome.isViolated && outcome.lowerBound <= outcome.epsilon, "\(outcome)")
            #expect((4...8).contains(outcome.epsilon), "\(outcome)")
            #expect(outcome.canaries == 500 && (190...310).contains(outcome.included))
            shares.append(outcome.lowerBound / outcome.epsilon)
        }
        #expect(shares.reduce(0, +) >= 3 * share, "\(shares)")
    }

    @Test func `Noise at the server keeps its promise, and about half of epsilon shows`() throws {
        try Self.expectSound(Self.central(), share: 0.45)
    }

    @Test func `Noise of clients keeps its promise, and about half of epsilon shows`() throws {
        try Self.expectSound(Self.local(), share: 0.45)
    }

    @Test func `Noise of samples keeps its promise, and about half of epsilon shows`() throws {
        try Self.expectSound(Self.samples(), share: 0.45)
    }

    /// The accountant is told twice the noise that there is.
    @Test func `Half of the noise is caught, whoever adds it`() throws {
        for settings in [Self.central(), Self.local(), Self.samples()] {
            var halved = settings
            halved.noise = (settings.noise ?? 0) / 2
            #expect(try Self.isCaught(halved, claim: settings), "\(settings.privacy?.rawValue ?? "")")
        }
    }

    /// The accountant is told of cohorts of a tenth, and of batches of a tenth, and everybody takes part.
    @Test func `Sampling that does not take place is caught`() throws {
        let sampled = Self.central { $0.clientFraction = 0.1 }
        let whole = Self.central { $0.clientFraction = 1 }
        #expect(try Self.isCaught(whole, claim: sampled))
        let batches = Self.samples { $0.batchSize = 50 }
        #expect(try Self.isCaught(Self.samples { $0.batchSize = 500 }, claim: batches))
    }

    @Test func `Updates that are clipped to twice the bound are caught`() throws {
        // Noise and length of a clip of 1, told as a clip of ½ whose noise is the same.
        let claim = Self.central()
        let actual = Self.central { ($0.clip, $0.noise) = (1, 1) }
        #expect(try Self.isCaught(actual, claim: claim))
    }

    @Test func `An audit of equal seeds is the same, and other seeds have other canaries`() throws {
        let (first, again) = (try Self.audit(Self.local()), try Self.audit(Self.local()))
        #expect(first.bounds.map(\.epsilon) == again.bounds.map(\.epsilon) && first.included == again.included)
        let other = try Self.audit(Self.local(), seed: 2)
        #expect(other.bounds.map(\.guesses) != first.bounds.map(\.guesses) || other.included != first.included)
    }

    @Test func `What cannot be audited is refused with its reason`() throws {
        func expectRefusal(_ settings: RunSettings, canaries: Int = 500, says: String) {
            let error = #expect(throws: ConfigurationError.self) {
                try TrainingAudit(settings, canaries: canaries, seed: 1)
            }
            #expect(error?.description.contains(says) == true, "\(String(describing: error))")
        }
        expectRefusal(SessionTests.settings(), says: "needs --privacy")
        expectRefusal(Self.central(), canaries: 501, says: "500 clients")
        expectRefusal(Self.central(), canaries: 19, says: "at least 20")
        expectRefusal(Self.samples(), canaries: 501, says: "no client has so many samples")
        expectRefusal(Self.central { $0.strategy = "fedavgm" }, says: "fedavgm")
        expectRefusal(Self.central { $0.clipping = .adaptive }, says: "--clipping adaptive")
        expectRefusal(
            Self.central { ($0.privacy, $0.selection, $0.clientFraction) = (.ftrl, "cyclic", 0.1) }, says: "ftrl")
    }
}
