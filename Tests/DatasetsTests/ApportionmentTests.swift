import FedCore
import Testing

@testable import Datasets

@Suite struct ApportionmentTests {
    @Test func givesTheRemainderToTheLargestFractions() {
        // Quotas 4.7, 3.0, 1.6, 0.7 of 10: floors 4, 3, 1, 0; the two left go to .7 and .7 before .6.
        #expect(Apportionment.split(10, by: [0.47, 0.3, 0.16, 0.07]) == [5, 3, 1, 1])
        // Quotas 2.6, 1.3, 1.1 of 5.
        #expect(Apportionment.split(5, by: [0.52, 0.26, 0.22]) == [3, 1, 1])
    }

    @Test func servesTiesFromTheIndexGiven() {
        let thirds = [Double](repeating: 0.25, count: 4)
        #expect(Apportionment.split(2, by: thirds) == [1, 1, 0, 0])
        #expect(Apportionment.split(2, by: thirds, firstInTies: 1) == [0, 1, 1, 0])
        #expect(Apportionment.split(2, by: thirds, firstInTies: 3) == [1, 0, 0, 1])
    }

    @Test func sharesAreExactAndNearTheirQuotas() {
        for trial in 0..<200 {
            var random = RandomStream(seed: 1, .partition, client: trial)
            let count = 1 + random.integer(below: 50)
            let total = random.integer(below: 5000)
            let proportions = random.dirichlet(alpha: 0.3, count: count)
            let shares = Apportionment.split(total, by: proportions)
            #expect(shares.reduce(0, +) == total)
            for i in 0..<count { #expect(abs(Double(shares[i]) - proportions[i] * Double(total)) < 1) }
        }
    }
}
