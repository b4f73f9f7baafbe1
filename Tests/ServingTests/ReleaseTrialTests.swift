import FedCore
import Foundation
import Testing

@testable import Serving

@Suite struct ReleaseTrialTests {
    /// Binomial probabilities by hand: of 10 values with p = 1/2, at most 2 lie below in 56 of 1,024 cases, none in one.
    @Test(arguments: [(0.06, 3.0, 8.0), (0.02, 2, 9), (0.001, 1, 10), (0.0009, 0, .infinity)])
    func `Limits of a median are order statistics by the binomial distribution`(
        level: Double, lower: Double, upper: Double
    ) {
        let bounds = QuantileBounds((1...10).map(Double.init).shuffled())
        #expect(bounds.lower(0.5, level: level) == lower)
        #expect(bounds.upper(0.5, level: level) == upper)
        #expect(bounds.value(0.5) == 5 && bounds.value(0.95) == 10)
    }

    private let labels = (0..<200).map { Int32($0 % 10) }

    /// A trial in which both answer every image once, with these times, and the new one gets the first so many wrong.
    private func trial(
        old: (Int) -> Double, new: (Int) -> Double, wrong: Int = 0, requests: Int = 200,
        rules: TrialRules = TrialRules(requests: 200)
    ) -> ReleaseTrial {
        var trial = ReleaseTrial(rules, labels: labels)
        for i in 0..<requests {
            let image = i % labels.count
            trial.take(image: image, label: Int(labels[image]), seconds: old(i), isNew: false)
            let label = image < wrong ? Int(labels[image] + 1) % 10 : Int(labels[image])
            trial.take(image: image, label: label, seconds: new(i), isNew: true)
        }
        return trial
    }

    private func refusals(_ trial: ReleaseTrial) -> [String] { trial.report.refusals.map { String($0.prefix(6)) } }

    @Test func `Nothing is decided below the number of requests`() {
        #expect(!trial(old: { _ in 1 }, new: { _ in 1 }, requests: 199).isComplete)
        #expect(trial(old: { _ in 1 }, new: { _ in 1 }).isComplete)
    }

    @Test func `One that is slower than the margin is refused, one within it is not`() {
        func wave(_ i: Int) -> Double { 0.001 * (1 + Double(i % 10) / 100) }
        #expect(refusals(trial(old: wave, new: { 1.2 * wave($0) })) == [])
        #expect(refusals(trial(old: wave, new: { 2 * wave($0) })) == ["slower", "slower"])
        // A tenth of the answers take ten times as long: the median does not see it.
        #expect(refusals(trial(old: wave, new: { ($0 % 10 == 0 ? 10 : 1) * wave($0) }).self).count <= 1)
        #expect(refusals(trial(old: wave, new: { ($0 % 5 == 0 ? 10 : 1) * wave($0) })) == ["slower"])
    }

    @Test func `Lost accuracy is compared on different images, however often they come`() {
        // 40 of 200 lost: 0.185 over the margin, with a standard error of sqrt(0.2 · 0.8 / 200) = 0.028.
        let report = trial(old: { _ in 1 }, new: { _ in 1 }, wrong: 40).report
        #expect(
            report.refusals.count == 1
                && report.refusals[0].hasPrefix("worse: 80 % of 200 images right instead of 100 %,"))
        #expect(report.accuracy == 0.8 && report.oldAccuracy == 1 && report.agreement == 0.8)
        // 3 of 200: half a point over the margin, less than a standard error of 0.0086.
        #expect(trial(old: { _ in 1 }, new: { _ in 1 }, wrong: 3).report.refusals == [])
        #expect(trial(old: { _ in 1 }, new: { _ in 1 }, wrong: 3, requests: 20_000).report.refusals == [])
        #expect(trial(old: { _ in 1 }, new: { _ in 1 }, wrong: 40, requests: 2000).report.images == 200)
    }

    /// By hand: 10,000 images of which only the old gets 600 right and only the new 400: 0.01 over a margin of 0.01, less 0.0001, with a
    /// standard error of sqrt(0.1 − 0.0004) / 100 = 0.00316: 3.13 of them, a probability of 0.00087.
    @Test(arguments: [(0.001, true), (0.0008, false)])
    func `The same images of both are compared by those that only one gets right`(level: Double, isShown: Bool) {
        var (old, new) = ([Bool](repeating: true, count: 10_000), [Bool](repeating: true, count: 10_000))
        for i in 0..<600 { new[i] = false }
        for i in 600..<1000 { old[i] = false }
        #expect(AccuracyLoss(margin: 0.01, level: level).isShown(old: old, new: new) == isShown)
        #expect(!AccuracyLoss(margin: 0.01, level: level).isShown(old: new, new: old))
    }

    /// By hand: 90 % of 400 and 80 % of 400: 0.0975 with a standard error of sqrt(0.09 / 400 + 0.16 / 400) = 0.025: 3.9, or 0.000048.
    @Test(arguments: [(0.00006, true), (0.00004, false)])
    func `Different images are compared by their shares`(level: Double, isShown: Bool) {
        let loss = AccuracyLoss(margin: 0, level: level)
        #expect(loss.isShown(old: (360, 400), new: (320, 400)) == isShown)
        #expect(!loss.isShown(old: (39, 39), new: (0, 39)) && loss.isShown(old: (40, 40), new: (0, 40)))
    }

    @Test func `At the very margin fewer than one in a hundred are refused, and at twice the time all are`() {
        var random = RandomStream(seed: 5, .arrivals)
        /// Log-normal, as latencies are about: a heavy tail upward.
        func time() -> Double {
            let normal = (-2 * log(1 - random.uniformDouble())).squareRoot() * cos(2 * .pi * random.uniformDouble())
            return 0.001 * exp(0.3 * normal)
        }
        func refused(_ factor: Double, of count: Int) -> Int {
            (0..<count).count { _ in
                !trial(old: { _ in time() }, new: { _ in factor * time() }).report.refusals.isEmpty
            }
        }
        #expect(refused(1.25, of: 500) <= 5)
        #expect(refused(2.5, of: 50) == 50)
    }

    @Test func `Levels are shared by the tests of all devices`() {
        #expect(abs(TrialRules(devices: 1).testLevel - 0.01 / 4) < 1e-12)
        #expect(abs(TrialRules(devices: 4).testLevel - 0.01 / 13) < 1e-12)
    }
}
