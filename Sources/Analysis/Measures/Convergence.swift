import Recording
import Records

/// How accuracy came with rounds and bytes.
public struct Convergence: Sendable {
    /// A round that was evaluated.
    public struct Point: Sendable, Equatable {
        public let round: Int
        /// Bytes of all updates so far.
        public let uploadBytes: Int
        public let downloadBytes: Int
        /// In [0, 1].
        public let accuracy: Double

        public init(round: Int, uploadBytes: Int, downloadBytes: Int = 0, accuracy: Double) {
            self.round = round
            self.uploadBytes = uploadBytes
            self.downloadBytes = downloadBytes
            self.accuracy = accuracy
        }
    }

    public let points: [Point]
    /// Accuracy of guessing, which a run has before its first round; nil where the classes are not known.
    public let chance: Double?

    public init(points: [Point], chance: Double? = nil) {
        self.points = points
        self.chance = chance
    }

    public init(_ run: RecordedRun) {
        points = run.log.rounds.compactMap { round in
            round.accuracy.map {
                Point(
                    round: round.round, uploadBytes: round.totalUploadBytes,
                    downloadBytes: round.totalDownloadBytes, accuracy: $0)
            }
        }
        chance = (run.partition?.table.first?.count).flatMap { $0 > 0 ? 1 / Double($0) : nil }
    }

    /// The first point that reaches an accuracy.
    public func first(reaching accuracy: Double) -> Point? {
        points.first { $0.accuracy >= accuracy - 1e-9 }
    }

    /// Accuracy points (hundredths) gained per MB of updates since the evaluation before; the first counts from chance.
    public var pointsPerMegabyte: [(round: Int, gain: Double)] {
        var gains: [(round: Int, gain: Double)] = []
        var before = chance.map { Point(round: 0, uploadBytes: 0, accuracy: $0) }
        for point in points {
            if let before, point.uploadBytes > before.uploadBytes {
                let megabytes = Double(point.uploadBytes - before.uploadBytes) / 1e6
                gains.append((point.round, 100 * (point.accuracy - before.accuracy) / megabytes))
            }
            before = point
        }
        return gains
    }

    /// The round after which accuracy per byte falls off: the knee of the best accuracy so far against bytes uploaded.
    ///
    /// Both axes are scaled to [0, 1]; the knee is the point furthest above the diagonal between the first and the last.
    /// The curve is known to its end, so that no sensitivity is needed. V. Satopää, J. Albrecht, D. Irwin, B. Raghavan,
    /// *Finding a "Kneedle" in a Haystack*, ICDCS Workshops 2011, sections II and III.
    ///
    /// Nil with fewer than three points, or where accuracy comes no faster at first than in all.
    public var fallOff: Point? {
        guard points.count >= 3, let first = points.first, let last = points.last,
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
