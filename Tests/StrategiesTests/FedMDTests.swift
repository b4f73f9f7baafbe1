import FedCore
import Strategies
import Testing

@Suite struct FedMDTests {
    @Test func `Clients count alike, or by their samples`() throws {
        let alike = try #require(try Strategies.standard.named("fedmd") as? FedMD)
        #expect([0, 1, 700].map { alike.weight(samples: $0) } == [0, 1, 1])
        let counted = try Strategies.standard.named("fedmd", ["weights": "samples"])
        #expect(counted.weight(samples: 700) == 700)
    }

    @Test func `Its options are the paper's quantities, and checked`() throws {
        let strategy = try #require(
            try Strategies.standard.named("fedmd", ["public": "30", "start": "0", "digest": "4"]).scores)
        #expect((strategy.publicSamples, strategy.startEpochs, strategy.digestEpochs) == (30, 0, 4))
        #expect(strategy.personalization == .parameters && strategy.traffic == StrategyTraffic())
        for bad in [["public": "0"], ["start": "-1"], ["digest": "x"], ["weights": "size"]] as [NamedOptions] {
            #expect(throws: ConfigurationError.self) { try Strategies.standard.named("fedmd", bad) }
        }
        #expect(try Strategies.standard.named("fedavg").scores == nil)
    }

    /// An update is what a client says minus the consensus: two clients that say (3, −1) and (1, 1) at a consensus of (2, 2)
    /// send (1, −3) and (−1, −1), whose mean is (0, −2), and the consensus becomes (2, 0), the mean of what they say.
    @Test func `The mean of the differences makes the consensus the mean of what is said`() {
        var strategy = FedMD()
        #expect(strategy.applied([0, -2], to: [2, 2]) == [2, 0])
    }
}
