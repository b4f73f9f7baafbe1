import Foundation
import Testing

@testable import Datasets

@Suite struct LabelSkewTests {
    @Test func equalDistributionsHaveNoSkew() {
        let skew = LabelSkew(classTable: [[5, 5], [50, 50], [1, 1]])
        #expect(skew.entropy == LabelSkew.Summary(mean: 1, worst: 1) && skew.globalEntropy == 1)
        #expect(skew.emd == LabelSkew.Summary(mean: 0, worst: 0))
        #expect(skew.jensenShannon == LabelSkew.Summary(mean: 0, worst: 0))
    }

    /// Zhao et al., section 3.2: of ten classes, clients of one class are at 1.8 and clients of two at 1.6.
    @Test(arguments: [(1, 1.8), (2, 1.6)]) func emdIsThatOfThePaper(classes: Int, expected: Double) {
        let table = (0..<10).map { client in
            (0..<10).map { label in (0..<classes).contains { (client + $0) % 10 == label } ? 6000 / classes : 0 }
        }
        let skew = LabelSkew(classTable: table)
        #expect(abs(skew.emd.mean - expected) < 1e-12 && abs(skew.emd.worst - expected) < 1e-12)
        #expect(abs(skew.entropy.worst - log2(Double(classes))) < 1e-12)
        #expect(abs(skew.globalEntropy - log2(10)) < 1e-12)
    }

    @Test func twoClientsByHand() {
        // All samples together: 3/4 and 1/4; the clients have (1, 0) and (1/2, 1/2).
        let skew = LabelSkew(classTable: [[8, 0], [4, 4]])
        #expect(abs(skew.entropy.mean - 0.5) < 1e-12 && skew.entropy.worst == 0)
        #expect(abs(skew.globalEntropy - (2 - 0.75 * log2(3))) < 1e-12)
        #expect(abs(skew.emd.mean - 0.5) < 1e-12 && abs(skew.emd.worst - 0.5) < 1e-12)
        // ½ Σ p log₂(p / m) + ½ Σ q log₂(q / m) with m = (7/8, 1/8) and (5/8, 3/8).
        let first = 0.5 * log2(8.0 / 7) + 0.5 * (0.75 * log2(6.0 / 7) + 0.25 * log2(2))
        let second =
            0.5 * (0.5 * log2(4.0 / 5) + 0.5 * log2(4.0 / 3)) + 0.5 * (0.75 * log2(6.0 / 5) + 0.25 * log2(2.0 / 3))
        #expect(abs(skew.jensenShannon.worst - first.squareRoot()) < 1e-12)
        #expect(abs(skew.jensenShannon.mean - (first.squareRoot() + second.squareRoot()) / 2) < 1e-12)
    }

    @Test func clientsOfNothingInCommonAreAtADistanceThatTendsToOne() {
        let skew = LabelSkew(classTable: [[1_000_000, 0], [0, 1]])
        #expect(skew.emd.worst > 1.99 && skew.emd.worst <= 2)
        #expect(skew.jensenShannon.worst > 0.99 && skew.jensenShannon.worst <= 1)
    }

    @Test func clientsWithoutSamplesDoNotCount() {
        #expect(LabelSkew(classTable: [[8, 0], [0, 0], [4, 4]]) == LabelSkew(classTable: [[8, 0], [4, 4]]))
        #expect(LabelSkew(classTable: [[0, 0]]).emd == LabelSkew.Summary(mean: 0, worst: 0))
        #expect(LabelSkew(classTable: []).globalEntropy == 0)
    }

    @Test func theSentenceHasAllMeasures() {
        #expect(
            "\(LabelSkew(classTable: [[8, 0], [4, 4]]))"
                == "label entropy 0.50 of 0.81 bits (lowest 0.00), EMD 0.50 (highest 0.50), "
                + "JS distance 0.30 (highest 0.37)")
    }

    @Test func aPartitionIsMeasuredByItsClassTable() {
        let partition = Partition(owners: [0, 0, 1, Partition.nobody, 1], clients: 2)
        #expect(
            partition.labelSkew(labels: [0, 0, 0, 1, 1], classes: 2) == LabelSkew(classTable: [[2, 0], [1, 1]]))
    }
}
