/// The scores of labels that are 0 or 1, on all samples of an evaluation: what F1 and the area under the curve need.
struct LabelScores {
    /// One label's scores, and whether the sample has it.
    private struct Label {
        var scores: [Float] = []
        var isSet: [Bool] = []
    }

    private var labels: [Label]

    /// No samples of so many labels.
    init(labels: Int) {
        self.labels = [Label](repeating: Label(), count: labels)
    }

    /// Adds samples.
    /// - Parameters:
    ///   - logits: `[samples, labels]`; a label is predicted where its logit is above 0.
    ///   - targets: `[samples, labels]`, 0 or 1.
    mutating func add(_ logits: Span<Float>, targets: Span<Float>) {
        for i in targets.indices {
            labels[i % labels.count].scores.append(logits[i])
            labels[i % labels.count].isSet.append(targets[i] > 0.5)
        }
    }

    /// Mean over the labels of 2·TP / (2·TP + FP + FN); 0 for a label that is neither set nor predicted. Nil without
    /// samples.
    var f1: Double? {
        guard let first = labels.first, !first.scores.isEmpty else { return nil }
        let sum = labels.reduce(0.0) { sum, label in
            var (hits, others) = (0, 0)
            for (score, isSet) in zip(label.scores, label.isSet) {
                if score > 0, isSet { hits += 1 } else if score > 0 || isSet { others += 1 }
            }
            return sum + (hits + others > 0 ? Double(2 * hits) / Double(2 * hits + others) : 0)
        }
        return sum / Double(labels.count)
    }

    /// Mean over the labels of the area under the receiver operating characteristic; a label that all samples have, or
    /// none, does not count. Nil when no label does, or a score is NaN.
    var auc: Double? {
        let areas = labels.compactMap { Self.area($0) }
        return areas.isEmpty ? nil : areas.reduce(0, +) / Double(areas.count)
    }

    /// The area as Mann and Whitney's statistic: the share of pairs of a sample with and one without the label in which
    /// the one with it has the larger score; equal scores count half. O(n log n).
    ///
    /// J. A. Hanley, B. J. McNeil, *The Meaning and Use of the Area under a Receiver Operating Characteristic (ROC)
    /// Curve*, Radiology 143, 1982.
    private static func area(_ label: Label) -> Double? {
        let set = label.isSet.count { $0 }
        let unset = label.isSet.count - set
        guard set > 0, unset > 0, !label.scores.contains(where: \.isNaN) else { return nil }
        let order = label.scores.indices.sorted { label.scores[$0] < label.scores[$1] }
        var (pairs, unsetBelow) = (0.0, 0)
        var start = 0
        while start < order.count {
            var (end, setHere) = (start, 0)
            while end < order.count, label.scores[order[end]] == label.scores[order[start]] {
                if label.isSet[order[end]] { setHere += 1 }
                end += 1
            }
            let unsetHere = end - start - setHere
            pairs += Double(setHere) * (Double(unsetBelow) + Double(unsetHere) / 2)
            unsetBelow += unsetHere
            start = end
        }
        return pairs / (Double(set) * Double(unset))
    }
}
