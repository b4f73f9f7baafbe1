/// Chooses the most accurate variant within a budget, and a ladder of ever faster and less accurate ones below it, to
/// which the engine steps down under load. A pure function of the candidates.
///
/// ```swift
/// let selector = ModelSelector(candidates, budget: budget, programBytes: bytes)
/// guard let choice = selector.ladder.first else { throw ConfigurationError(selector.refusal ?? "") }
/// ```
public struct ModelSelector: Sendable {
    /// What became of a candidate.
    public struct Verdict: Sendable, Codable, Equatable {
        /// The candidate with its figures.
        public let candidate: Candidate
        /// Why it is not served, in words with figures; empty: it is served.
        public let rejections: [String]
        /// Its place in the ladder, 0 for the most accurate; nil: it is not served.
        public let step: Int?
    }

    /// A verdict for every candidate, in the order in which they were given.
    public let verdicts: [Verdict]
    /// Indices of the candidates that are served: the first is the choice, each next one is faster and less accurate.
    /// Empty when none fits.
    public let ladder: [Int]

    /// A step's mean time is at most this share of the step's above: one that is hardly faster, but less accurate, is
    /// not worth a switch.
    private static let leastGain = 0.9

    /// Chooses. Candidates over the budget are rejected; of the rest, from the most accurate down, each is a step if it
    /// is at least a tenth faster than the last step and its tensors still fit beside those of all steps above: they
    /// are all in memory at once.
    ///
    /// - Parameters:
    ///   - candidates: Benchmarked on the device.
    ///   - budget: Already restricted to the device.
    ///   - programBytes: Memory of the program without the models, in bytes.
    /// - Complexity: O(n log n) in the candidates.
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

    /// The limits of the budget that a candidate exceeds, in words; empty: it fits. A latency that is NaN is rejected.
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
        if let limit = budget.modelBytes, Double(candidate.modelBytes) > limit {
            reasons.append(
                "\(megabytes(Double(candidate.modelBytes))) of memory for the model is over \(megabytes(limit))")
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
