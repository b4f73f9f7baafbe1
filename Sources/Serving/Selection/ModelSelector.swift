/// Chooses the most accurate variant within a budget, and the steps below it.
public struct ModelSelector: Sendable {
    /// What became of a candidate.
    public struct Verdict: Sendable, Codable, Equatable {
        public let candidate: Candidate
        /// Why it is not served; empty: it is.
        public let rejections: [String]
        /// Its place among those that are served, the most accurate first; nil: it is not.
        public let step: Int?
    }

    /// Every candidate's, in the order they were given.
    public let verdicts: [Verdict]
    /// The candidates that are served, by their indices: the first is the choice; each next one is faster and less
    /// accurate.
    public let ladder: [Int]

    /// Share of a step's time that the next step takes at most: one that is hardly faster, but less accurate, is none.
    private static let leastGain = 0.9

    /// - Parameters:
    ///   - programBytes: what the program takes beside the models; those of all steps share the memory with it.
    public init(_ candidates: [Candidate], budget: Budget, programBytes: Int) {
        var rejections = candidates.map { Self.rejections(of: $0, budget, programBytes: programBytes) }
        // Most accurate first; of equals the faster one, then the one that was given first.
        let order = candidates.indices.sorted { left, right in
            let (a, b) = (candidates[left], candidates[right])
            return (-a.accuracy, a.mean, left) < (-b.accuracy, b.mean, right)
        }
        var ladder: [Int] = []
        var bytes = Double(programBytes)
        for index in order where rejections[index].isEmpty {
            let candidate = candidates[index]
            if let last = ladder.last {
                let above = candidates[last]
                if candidate.mean > Self.leastGain * above.mean {
                    rejections[index] = [
                        "\(Quantity.milliseconds(candidate.mean)) is no faster than \(above.name), which is as accurate or more"
                    ]
                    continue
                }
                if let limit = budget.memoryBytes, bytes + Double(candidate.memoryBytes) > limit {
                    rejections[index] = ["no memory is left beside \(above.name)"]
                    continue
                }
            }
            bytes += Double(candidate.memoryBytes)
            ladder.append(index)
        }
        self.ladder = ladder
        verdicts = candidates.indices.map { index in
            Verdict(candidate: candidates[index], rejections: rejections[index], step: ladder.firstIndex(of: index))
        }
    }

    private static func rejections(of candidate: Candidate, _ budget: Budget, programBytes: Int) -> [String] {
        var reasons: [String] = []
        func megabytes(_ bytes: Double) -> String { Quantity.text(bytes / 1e6) + " MB" }
        if !(candidate.p95 <= budget.latency) {
            reasons.append(
                "p95 \(Quantity.milliseconds(candidate.p95)) is over \(Quantity.milliseconds(budget.latency))")
        }
        if Double(candidate.storedBytes) > budget.storedBytes {
            reasons.append(
                "\(megabytes(Double(candidate.storedBytes))) stored is over \(megabytes(budget.storedBytes))")
        }
        let memory = Double(programBytes + candidate.memoryBytes)
        if let limit = budget.memoryBytes, memory > limit {
            reasons.append("\(megabytes(memory)) of memory with the program is over \(megabytes(limit))")
        }
        return reasons
    }

    /// Why nothing fits, as one line; nil: something does.
    public var refusal: String? {
        guard ladder.isEmpty else { return nil }
        return "no model fits: "
            + verdicts.map { "\($0.candidate.name): \($0.rejections.joined(separator: ", "))" }.joined(separator: "; ")
    }
}
