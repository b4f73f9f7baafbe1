import Foundation

/// The trial of a release on one device: takes answers of both releases, and says once whether the new one is worse. It knows neither models
/// nor clocks.
///
/// Times are of computing alone: a wait in a queue that the slower one has caused is the other one's, too. A model always answers an image
/// alike, so a repeated image tells nothing new: the accuracies are compared on the different images that each has answered.
struct ReleaseTrial {
    /// How it is decided.
    let rules: TrialRules
    /// Answers so far.
    private var (oldAnswers, newAnswers) = (0, 0)
    /// Seconds of computing of each that was timed.
    private var (old, new): ([Double], [Double]) = ([], [])
    /// The class that each image was answered with; -1: not yet.
    private var (oldLabels, newLabels): ([Int32], [Int32])
    /// The true class of each image.
    private let labels: [Int32]

    /// Begins a trial.
    ///
    /// - Parameters:
    ///   - rules: How it is decided.
    ///   - labels: The true class of each image that requests are made of.
    init(_ rules: TrialRules, labels: [Int32]) {
        (self.rules, self.labels) = (rules, labels)
        oldLabels = labels.map { _ in -1 }
        newLabels = oldLabels
    }

    /// Takes an answer into account.
    ///
    /// - Parameters:
    ///   - image: Index of the image.
    ///   - label: The class that it was answered with.
    ///   - seconds: Of computing; nil where the other release has answered just before, and left its own weights in the caches.
    ///   - isNew: Whether the new release answered.
    mutating func take(image: Int, label: Int, seconds: Double?, isNew: Bool) {
        if isNew {
            newAnswers += 1
            if let seconds { new.append(seconds) }
            newLabels[image] = Int32(label)
        } else {
            oldAnswers += 1
            if let seconds { old.append(seconds) }
            oldLabels[image] = Int32(label)
        }
    }

    /// Whether there are enough answers for the decision: of the new release as many as the rules say, and of the old one as many.
    var isComplete: Bool { newAnswers >= rules.requests && oldAnswers >= rules.requests }

    /// The decision. Ask once, as soon as ``isComplete``: with every further look the probability of a false alarm would grow.
    ///
    /// - Complexity: O(n log n) in the answers.
    var report: TrialReport {
        let (oldTimes, newTimes) = (QuantileBounds(old), QuantileBounds(new))
        var refusals: [String] = []
        for (name, quantile) in [("p50", 0.5), ("p95", 0.95)] {
            // Half of the level for each of the two limits.
            let fastest = newTimes.lower(quantile, level: rules.testLevel / 2)
            let slowest = oldTimes.upper(quantile, level: rules.testLevel / 2)
            guard fastest > (1 + rules.slowdown) * slowest else { continue }
            refusals.append(
                "slower: \(name) of \(Quantity.milliseconds(newTimes.value(quantile))) instead of "
                    + "\(Quantity.milliseconds(oldTimes.value(quantile))), over the margin of "
                    + "\(Quantity.text(100 * rules.slowdown)) %")
        }
        let (oldScore, newScore) = (score(oldLabels), score(newLabels))
        let loss = AccuracyLoss(margin: rules.accuracyLoss, level: rules.testLevel)
        let (before, after) = (Self.share(oldScore), Self.share(newScore))
        if loss.isShown(old: oldScore, new: newScore) {
            refusals.append(
                "worse: \(Quantity.text(100 * after)) % of \(newScore.of) images right instead of "
                    + "\(Quantity.text(100 * before)) %, over the margin of \(Quantity.text(100 * rules.accuracyLoss)) points"
            )
        }
        let both = labels.indices.filter { oldLabels[$0] >= 0 && newLabels[$0] >= 0 }
        let alike = both.count { oldLabels[$0] == newLabels[$0] }
        return TrialReport(
            requests: newAnswers, oldRequests: oldAnswers, images: newScore.of, p50Ms: 1000 * newTimes.value(0.5),
            p95Ms: 1000 * newTimes.value(0.95), oldP50Ms: 1000 * oldTimes.value(0.5),
            oldP95Ms: 1000 * oldTimes.value(0.95), accuracy: after, oldAccuracy: before,
            agreement: both.isEmpty ? nil : Self.share((alike, both.count)),
            refusals: refusals)
    }

    /// Different images that were answered, and how many of them rightly.
    private func score(_ answers: [Int32]) -> (right: Int, of: Int) {
        (labels.indices.count { answers[$0] == labels[$0] }, answers.count { $0 >= 0 })
    }

    /// A score as a number in [0, 1]; 0 where nothing was answered.
    private static func share(_ score: (right: Int, of: Int)) -> Double {
        Double(score.right) / Double(max(1, score.of))
    }
}
