import Recording
import Records

/// How accuracy came with rounds and bytes: the rounds of a run that were evaluated, and what can be said of them
/// together.
///
/// Bytes are those of the round log: updates with their envelopes, and a frame of weights for each client.
public struct Convergence: Sendable {
    /// A round that was evaluated.
    public struct Point: Sendable, Equatable {
        /// The round's number, from 1; 0 in the point that stands for guessing before the first.
        public let round: Int
        /// Bytes of all updates so far, this round's included.
        public let uploadBytes: Int
        /// Bytes of all frames that clients received so far, this round's included.
        public let downloadBytes: Int
        /// Accuracy of the round's new weights, in [0, 1]: on the test set, or in the mean over the clients when only
        /// they can tell.
        public let accuracy: Double

        /// Describes a round.
        ///
        /// - Parameters:
        ///   - round: from 1.
        ///   - uploadBytes: of all rounds up to it.
        ///   - downloadBytes: of all rounds up to it; 0 where nobody asks for it.
        ///   - accuracy: in [0, 1].
        public init(round: Int, uploadBytes: Int, downloadBytes: Int = 0, accuracy: Double) {
            self.round = round
            self.uploadBytes = uploadBytes
            self.downloadBytes = downloadBytes
            self.accuracy = accuracy
        }
    }

    /// The rounds that were evaluated, in order. Rounds without an accuracy are left out, so numbers may have gaps, and
    /// a regression has no point at all.
    public let points: [Point]
    /// Accuracy of guessing, which a run has before its first round: 1 over the number of classes; nil where the
    /// classes are not known.
    public let chance: Double?
    /// Test samples that each accuracy was counted on; nil where they are not known, or only clients evaluated.
    public let samples: Int?

    /// Evaluations below which nothing is said of where accuracy falls off: of fewer any has a knee.
    public static let enough = 8

    /// Takes points as they are.
    ///
    /// - Parameters:
    ///   - points: in the order of rounds, with bytes that never decrease.
    ///   - chance: accuracy of guessing, in [0, 1].
    ///   - samples: test samples of each accuracy; nil when they are not known.
    public init(points: [Point], chance: Double? = nil, samples: Int? = nil) {
        self.points = points
        self.chance = chance
        self.samples = samples
    }

    /// Reads the evaluated rounds out of the round log, and the number of classes out of the partition.
    ///
    /// - Complexity: O(rounds).
    public init(_ run: RecordedRun) {
        points = run.log.rounds.compactMap { round in
            round.accuracy.map {
                Point(
                    round: round.round, uploadBytes: round.totalUploadBytes,
                    downloadBytes: round.totalDownloadBytes, accuracy: $0)
            }
        }
        samples = run.log.rounds.contains { $0.serverAccuracy != nil } ? run.testSamples : nil
        chance = (run.partition?.table.first?.count).flatMap { $0 > 0 ? 1 / Double($0) : nil }
    }

    /// The first point that reaches an accuracy.
    ///
    /// - Parameter accuracy: in [0, 1]. A point that is less than 10⁻⁹ below reaches it, too, so that rounding does not
    ///   decide.
    /// - Returns: nil when no round that was evaluated got there; a later one may have fallen below again.
    /// - Complexity: O(points).
    public func first(reaching accuracy: Double) -> Point? {
        points.first { $0.accuracy >= accuracy - 1e-9 }
    }

    /// Accuracy points (hundredths) gained per MB of updates since the evaluation before; the first counts from chance.
    ///
    /// A loss of accuracy is a negative gain. A round has no entry when no byte was uploaded since the evaluation
    /// before; nor has the first one where ``chance`` is not known. An MB is 1,000,000 bytes, upload only. The interval
    /// of 95 % is that of the difference of both accuracies (``WilsonInterval``), in the same unit; chance is exact.
    ///
    /// - Complexity: O(points).
    public var pointsPerMegabyte: [(round: Int, gain: Double, interval: ClosedRange<Double>?)] {
        var gains: [(round: Int, gain: Double, interval: ClosedRange<Double>?)] = []
        var before = chance.map { Point(round: 0, uploadBytes: 0, accuracy: $0) }
        for point in points {
            if let before, point.uploadBytes > before.uploadBytes {
                let megabytes = Double(point.uploadBytes - before.uploadBytes) / 1e6
                gains.append(
                    (
                        point.round, 100 * (point.accuracy - before.accuracy) / megabytes,
                        interval(point, before).map {
                            100 * $0.lowerBound / megabytes...100 * $0.upperBound / megabytes
                        }
                    ))
            }
            before = point
        }
        return gains
    }

    /// The interval of what a point gained over the one before.
    private func interval(_ point: Point, _ before: Point) -> ClosedRange<Double>? {
        guard let samples else { return nil }
        guard before.round > 0 else {
            return WilsonInterval(point.accuracy, of: samples).map {
                $0.low - before.accuracy...$0.high - before.accuracy
            }
        }
        return WilsonInterval.difference(point.accuracy, minus: before.accuracy, of: (samples, samples))
    }

    /// The round after which accuracy per byte falls off: the knee of the best accuracy so far against bytes uploaded.
    ///
    /// Both axes are scaled to [0, 1]; the knee is the point furthest above the diagonal between the first and the
    /// last. The curve is known to its end, so that no sensitivity is needed. V. Satopää, J. Albrecht, D. Irwin, B.
    /// Raghavan, *Finding a "Kneedle" in a Haystack: Detecting Knee Points in System Behavior*, ICDCS Workshops 2011,
    /// sections II and III.
    ///
    /// The best so far is taken instead of the accuracy itself, because it never decreases: a round that happens to be
    /// bad is no knee. The point is returned as it was measured.
    ///
    /// - Returns: nil with fewer than ``enough`` points, or where accuracy comes no faster at first than in all.
    /// - Complexity: O(points).
    public var fallOff: Point? {
        guard points.count >= Self.enough, let first = points.first, let last = points.last,
            last.uploadBytes > first.uploadBytes
        else { return nil }
        var best = first.accuracy
        let bests = points.map { point in
            best = max(best, point.accuracy)
            return best
        }
        guard best > first.accuracy else { return nil }
        var knee: (point: Point, height: Double)?
        for (point, accuracy) in zip(points, bests) {
            let x = Double(point.uploadBytes - first.uploadBytes) / Double(last.uploadBytes - first.uploadBytes)
            let y = (accuracy - first.accuracy) / (best - first.accuracy)
            if y - x > max(knee?.height ?? 0, 1e-9) { knee = (point, y - x) }
        }
        return knee?.point
    }
}
