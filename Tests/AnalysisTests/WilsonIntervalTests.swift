import Testing

@testable import Analysis

struct WilsonIntervalTests {
    /// R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    @Test(arguments: [
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718),
    ])
    func `It is the published one`(right: Int, samples: Int, low: Double, high: Double) throws {
        let interval = try #require(WilsonInterval(Double(right) / Double(samples), of: samples))
        #expect(abs(interval.low - low) < 5e-5)
        #expect(abs(interval.high - high) < 5e-5)
    }

    /// R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890, table II, method 10, example (a): 56/70 - 48/80.
    @Test func `The interval of a difference is the published one`() throws {
        let interval = try #require(WilsonInterval.difference(56.0 / 70, minus: 48.0 / 80, of: (70, 80)))
        #expect(abs(interval.lowerBound - 0.0524) < 5e-5)
        #expect(abs(interval.upperBound - 0.3339) < 5e-5)
    }

    @Test func `It stays within shares, holds the share, and is none where nothing was counted`() throws {
        for share in [0, 0.5, 1] {
            let interval = try #require(WilsonInterval(share, of: 3))
            #expect(interval.low >= 0 && interval.high <= 1 && interval.low <= share && interval.high >= share)
        }
        #expect(WilsonInterval(0.5, of: 0) == nil)
        #expect(WilsonInterval(.nan, of: 10) == nil && WilsonInterval(1.1, of: 10) == nil)
    }
}
