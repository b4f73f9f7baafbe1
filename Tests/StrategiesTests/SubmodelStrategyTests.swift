import FedCore
import Strategies
import Testing

/// Windows and widths, worked out by hand.
@Suite struct SubmodelStrategyTests {
    static let strategies: [any SubmodelStrategy] = [HeteroFL(), FedRolex(), FjORD()]

    /// ⌈0.5 · 5⌉ = 3, ⌈0.25 · 5⌉ = 2, ⌈0.0625 · 5⌉ = 1; 0.07 · 100 is 7.000000000000001 in binary.
    @Test func `A window has the share of the channels, rounded up, and at least one`() {
        for strategy in Self.strategies {
            for (share, channels, count) in [(0.5, 5, 3), (0.25, 5, 2), (0.0625, 5, 1), (0.07, 100, 7), (1, 5, 5)] {
                for round in [1, 2, 17] {
                    let window = strategy.window(share, of: channels, round: round)
                    #expect(window.reduce(0) { $0 + $1.count } == count, "\(share) of \(channels)")
                }
            }
        }
    }

    @Test func `HeteroFL and FjORD take the first channels in every round`() {
        for strategy: any SubmodelStrategy in [HeteroFL(), FjORD()] {
            for round in [1, 2, 9] { #expect(strategy.window(0.5, of: 6, round: round) == [0..<3]) }
        }
    }

    /// Of four channels two: 0 1, then 1 2, 2 3, 3 0, and again.
    @Test func `FedRolex's window moves on by one channel a round, and around the end`() {
        let windows = (1...5).map { FedRolex().window(0.5, of: 4, round: $0) }
        #expect(windows == [[0..<2], [1..<3], [2..<4], [0..<1, 3..<4], [0..<2]])
    }

    /// exp(−5) = 0.006738, exp(−5/4) = 0.286505, exp(0) = 1.
    @Test func `DepthFL's exits learn from each other more from round to round, up to the ramp's end`() throws {
        let strategy = try Strategies.standard.named("depthfl", ["consistency": "2", "ramp-up": "10"])
        let depthFL = try #require(strategy.submodels)
        for (round, expected) in [(1, 0.0134759), (6, 0.5730096), (11, 2.0), (50, 2.0)] {
            #expect(abs(depthFL.consistency(round: round) - expected) < 1e-6, "round \(round)")
        }
    }

    @Test func `HeteroFL's and FedRolex's clients train their own width, FjORD's any from it to the narrowest`() {
        let widths = [1, 0.5, 0.25, 0.125]
        func drawn(_ strategy: any SubmodelStrategy, own: Int) -> Set<Int> {
            Set(
                (1...200).map { round in
                    strategy.width(ofClient: 3, round: round, own: own, of: widths, seed: 5)
                })
        }
        #expect(drawn(HeteroFL(), own: 2) == [2])
        #expect(drawn(FedRolex(), own: 2) == [2])
        #expect(drawn(FjORD(), own: 0) == [0, 1, 2, 3])
        #expect(drawn(FjORD(), own: 2) == [2, 3])
        #expect(drawn(FjORD(), own: 3) == [3])
    }
}
