import Testing

@testable import Analysis

struct EfficiencyTests {
    @Test func `Load balance is mean over largest useful time, communication efficiency largest over run time`() throws
    {
        // Two ranks compute 8 s and 4 s of 10 s: 6 / 8, 8 / 10, 6 / 10.
        let efficiency = try #require(Efficiency(useful: [8, 4], runtime: 10))
        #expect(efficiency.loadBalance == 0.75)
        #expect(efficiency.communication == 0.8)
        #expect(abs(efficiency.parallel - 0.6) < 1e-12)
    }

    @Test func `Ranks that always compute alike are perfect`() throws {
        let efficiency = try #require(Efficiency(useful: [10, 10, 10], runtime: 10))
        #expect(efficiency == Efficiency(useful: [5], runtime: 5))
        #expect(efficiency.parallel == 1)
    }

    @Test func `Without computation or time there is no efficiency`() {
        #expect(Efficiency(useful: [0, 0], runtime: 10) == nil)
        #expect(Efficiency(useful: [1], runtime: 0) == nil)
        #expect(Efficiency(useful: [], runtime: 10) == nil)
    }
}
