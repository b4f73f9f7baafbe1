import FedCore
import Testing

@testable import Federation
@testable import Records

@Suite struct StoppingRuleTests {
    static func records(_ accuracies: [Double?], bytes: Int = 1_000_000) -> [RoundRecord] {
        accuracies.enumerated().map { index, accuracy in
            var record = RoundRecord(round: index + 1)
            record.serverAccuracy = accuracy
            (record.uploadBytes, record.downloadBytes) = (bytes, bytes)
            (record.totalUploadBytes, record.totalDownloadBytes) = ((index + 1) * bytes, (index + 1) * bytes)
            return record
        }
    }

    static func ends(_ accuracies: [Double?], _ change: (inout RunSettings) -> Void) -> Bool {
        var settings = RunSettings()
        change(&settings)
        let records = records(accuracies)
        let progress = records.reduce(into: AccuracyProgress()) { $0.note($1) }
        return StoppingRule(settings).reason(after: records.last, isComplete: true, progress) != nil
    }

    @Test func `Patience counts evaluations since the first of the best`() {
        #expect(!Self.ends([0.5, 0.6, 0.6, 0.55]) { $0.patience = 3 })
        #expect(Self.ends([0.5, 0.6, 0.6, 0.55, 0.6]) { $0.patience = 3 })
        // Rounds without an evaluation do not count, and end nothing.
        #expect(!Self.ends([0.5, nil, nil, 0.4]) { $0.patience = 2 })
        #expect(!Self.ends([0.5, 0.4, 0.4, nil]) { $0.patience = 2 })
    }

    @Test func `A target is reached when the accuracy equals it`() {
        #expect(Self.ends([0.5, 0.8]) { $0.targetAccuracy = 0.8 })
        #expect(!Self.ends([0.9, 0.7]) { $0.targetAccuracy = 0.8 })
    }

    @Test func `No round begins that the budget does not cover`() {
        // Two megabytes a round.
        #expect(!Self.ends([nil, nil]) { $0.budgetMb = 6 })
        #expect(Self.ends([nil, nil, nil]) { $0.budgetMb = 7.9 })
    }

    @Test func `A run with a target ends at the same round and bits at 1 and 3 ranks, and stays ended when resumed`()
        throws
    {
        let endless = SessionTests.settings {
            $0.rounds = 12
            $0.evalEvery = 2
        }
        let accuracies = try SessionTests.run(endless, ranks: 1).records.compactMap(\.serverAccuracy)
        #expect(accuracies.count == 6)
        var settings = endless
        settings.targetAccuracy = accuracies[2]
        let expected = 2 * ((accuracies.firstIndex { $0 >= accuracies[2] } ?? 0) + 1)
        let alone = try StrategyRunTests.run(settings, ranks: 1)
        let spread = try StrategyRunTests.run(settings, ranks: 3)
        #expect(alone.losses.count == expected)
        #expect(spread.losses.count == expected)
        #expect(alone.digest != nil)
        #expect(spread.digest == alone.digest)
        let last = try #require(spread.states.last)
        let resumed = try StrategyRunTests.run(settings, ranks: 2, from: last)
        #expect(resumed.losses.isEmpty)
        #expect(resumed.digest == alone.digest)
    }
}
