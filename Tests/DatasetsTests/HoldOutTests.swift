import Datasets
import FedCore
import Testing

@Suite struct HoldOutTests {
    /// Clients of 1, 2, 5, 14, 15, 16 and 247 samples, dealt in turns.
    private static let sizes = [1, 2, 5, 14, 15, 16, 247]
    private static let owners: [UInt32] = {
        var owners = sizes.enumerated().flatMap { [UInt32](repeating: UInt32($0), count: $1) }
        var random = RandomStream(seed: 5, .partition)
        random.shuffle(&owners)
        return owners
    }()
    private let whole = Partition(owners: owners, clients: sizes.count)

    @Test(arguments: [
        (0.0, [0, 0, 0, 0, 0, 0, 0]), (0.1, [0, 0, 1, 1, 2, 2, 25]), (0.5, [0, 1, 3, 7, 8, 8, 124]),
        (0.999, [0, 1, 4, 13, 14, 15, 246]),
    ])
    func sharesAreRoundedAndOneIsLeft(fraction: Double, held: [Int]) {
        let (train, test) = whole.holdingOut(fraction, seed: 1)
        #expect((0..<7).map { test.count(of: $0) } == held)
        #expect((0..<7).map { train.count(of: $0) + test.count(of: $0) } == Self.sizes)
    }

    @Test(arguments: [0.1, 0.5, 0.9]) func bothPartsTogetherAreTheClientsSamples(fraction: Double) {
        let (train, test) = whole.holdingOut(fraction, seed: 1)
        for client in 0..<whole.clients {
            let samples = (train.samples(of: client) + test.samples(of: client)).sorted()
            #expect(samples == Array(whole.samples(of: client)))
        }
    }

    @Test func theSeedAloneDecides() {
        #expect(whole.holdingOut(0.3, seed: 1) == whole.holdingOut(0.3, seed: 1))
        #expect(whole.holdingOut(0.3, seed: 1).test != whole.holdingOut(0.3, seed: 2).test)
    }

    @Test func aClientsPartDoesNotDependOnTheOthers() {
        // Client 6 alone keeps its samples; the others' belong to nobody.
        let alone = Partition(owners: Self.owners.map { $0 == 6 ? 6 : Partition.nobody }, clients: 7)
        #expect(
            Array(alone.holdingOut(0.1, seed: 1).test.samples(of: 6))
                == Array(whole.holdingOut(0.1, seed: 1).test.samples(of: 6)))
    }

    @Test func everySampleIsHeldOutAlikeOften() {
        let partition = Partition(owners: [UInt32](repeating: 0, count: 10), clients: 1)
        var times = [Int](repeating: 0, count: 10)
        for seed in 0..<10_000 {
            for sample in partition.holdingOut(0.3, seed: UInt64(seed)).test.samples(of: 0) { times[Int(sample)] += 1 }
        }
        // Binomial: 3000 with deviation 46.
        #expect(times.allSatisfy { abs($0 - 3000) < 5 * 46 })
    }

    @Test func nothingIsHeldOutOfNothing() {
        let (train, test) = Partition(owners: [], clients: 3).holdingOut(0.5, seed: 1)
        #expect(train.clients == 3 && test.clients == 3 && train.sampleCount == 0 && test.sampleCount == 0)
    }
}
