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

    @Test func `Pairs are needed, and differences that scatter`() {
        #expect(PairedTest([1], minus: [2]) == nil)
        #expect(PairedTest([1, 2], minus: [1, 2, 3]) == nil)
        #expect(PairedTest([1, 2], minus: [2, 3]) == nil)
    }
}
