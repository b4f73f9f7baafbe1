import Testing

@testable import Analysis

struct ConvergenceTests {
    private func curve(_ accuracies: [Double], chance: Double? = nil) -> Convergence {
        Convergence(
            points: accuracies.enumerated().map {
                Convergence.Point(
                    round: $0.offset + 1, uploadBytes: 2_000_000 * ($0.offset + 1), downloadBytes: 0,
                    accuracy: $0.element)
            }, chance: chance)
    }

    @Test func `A threshold is reached in the first round that is at least there`() throws {
        let convergence = curve([0.4, 0.8, 0.79, 0.85])
        #expect(convergence.first(reaching: 0.7)?.round == 2)
        #expect(convergence.first(reaching: 0.8)?.uploadBytes == 4_000_000)
        #expect(convergence.first(reaching: 0.85)?.round == 4)
        #expect(convergence.first(reaching: 0.9) == nil)
    }

    @Test func `A megabyte buys the points since the evaluation before, the first ones from guessing`() {
        let gains = curve([0.4, 0.8, 0.78], chance: 0.1).pointsPerMegabyte
        #expect(gains.map(\.round) == [1, 2, 3])
        // 30, 40 and −2 points for 2 MB each.
        for (gain, expected) in zip(gains.map(\.gain), [15.0, 20, -1]) { #expect(abs(gain - expected) < 1e-9) }
        #expect(curve([0.4, 0.8]).pointsPerMegabyte.map(\.round) == [2], "what a run begins with is not known")
    }

    @Test func `Accuracy per MB falls off at the point furthest above the diagonal`() {
        // Scaled: x 0, 1/7, 2/7, …; y 0, 0.741, 0.741, 0.926, 0.963, 1, 1, 1; y − x is 0.598 in round 2, 0.497 in round 4.
        #expect(curve([0.4, 0.8, 0.8, 0.9, 0.92, 0.94, 0.94, 0.94]).fallOff?.round == 2)
    }

    @Test func `A round that falls back is worth no less than the best before it`() {
        // Best so far: 0.2, 0.6, 0.6, 0.6, 0.8, 0.82, 0.82, 0.82; y − x 0, 0.502, 0.359, 0.217, 0.396, 0.286, 0.143, 0.
        #expect(curve([0.2, 0.6, 0.3, 0.5, 0.8, 0.82, 0.82, 0.82]).fallOff?.round == 2)
    }

    @Test(arguments: [
        [0.5, 0.9], [0.4, 0.8, 0.9, 0.92, 0.94, 0.94, 0.94], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8],
        [0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.9], [0.5, 0.4, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3],
    ])
    func `Too few points, a straight line, a rise at the end and no rise have no fall-off`(accuracies: [Double]) {
        #expect(curve(accuracies).fallOff == nil)
    }

    @Test func `A gain has the interval of both evaluations, and chance is exact`() throws {
        let points = [0.7, 0.56].enumerated().map {
            Convergence.Point(round: $0.offset + 1, uploadBytes: 2_000_000 * ($0.offset + 1), accuracy: $0.element)
        }
        let gains = Convergence(points: points, chance: 0.1, samples: 100).pointsPerMegabyte
        // Wilson of 70 of 100: 0.6042 to 0.7811 (as R's prop.test without correction says), less chance, for 2 MB.
        let first = try #require(gains[0].interval)
        #expect(abs(first.lowerBound - 25.21) < 0.01 && abs(first.upperBound - 34.05) < 0.01)
        #expect(try #require(gains[1].interval).contains(gains[1].gain))
        #expect(Convergence(points: points, chance: 0.1).pointsPerMegabyte.allSatisfy { $0.interval == nil })
    }
}
