import FedCore
import Testing

@testable import Experiments

@Suite struct PairedTestTests {
    /// Values of `scipy.stats.ttest_rel(a, b).pvalue`, SciPy 1.17.1.
    @Test(arguments: [
        ([0.81, 0.82, 0.80], [0.84, 0.85, 0.87], 0.08305069938382229),
        ([71.8, 60.0, 80.1], [75.5, 77.0, 74.6], 0.5190499513669319),
        ([1, 2, 3, 4, 5.5], [1.1, 2.2, 2.9, 4.6, 5.0], 0.7563404785450806),
    ])
    func `The probability is SciPy's`(_ values: [Double], _ others: [Double], _ probability: Double) throws {
        let test = try #require(PairedTest(values, minus: others))
        #expect(abs(test.probability - probability) < 1e-12)
        #expect(test.differences.count == values.count)
    }

    /// R 4.2: `p.adjust(c(0.01, 0.04, 0.03), "holm")` is 0.03 0.06 0.06, and of c(0.5, 0.9) it is 1 1.
    @Test func `Several probabilities are corrected as by R`() {
        for (given, expected) in [([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]), ([0.5, 0.9], [1, 1]), ([], [])] {
            let corrected = PairedTest.holm(given)
            #expect(corrected.count == expected.count && zip(corrected, expected).allSatisfy { abs($0 - $1) < 1e-12 })
        }
    }

    @Test func `Pairs are needed, and differences that scatter`() {
        #expect(PairedTest([1], minus: [2]) == nil)
        #expect(PairedTest([1, 2], minus: [1, 2, 3]) == nil)
        #expect(PairedTest([1, 2], minus: [2, 3]) == nil)
    }
}
