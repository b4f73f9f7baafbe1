import Datasets
import FedCore
import Foundation

/// Multinomial logistic regression on centred pixels by SGD, one sample a step: what a linear model can learn.
enum LogisticModel {
    /// Accuracy on the first thousand test samples after training.
    static func accuracy(on pair: DatasetPair, epochs: Int, learningRate: Float) -> Double {
        let pixels = pair.train.shape.count
        let classes = pair.train.classes
        var weights = [Float](repeating: 0, count: classes * pixels)
        var order = (0..<pair.train.count).map { UInt32($0) }
        for epoch in 0..<epochs {
            var random = RandomStream(seed: 1, .shuffle, round: epoch)
            random.shuffle(&order)
            for sample in order {
                let (image, labels) = centred(pair.train, sample)
                let scores = scores(weights, image, classes)
                let exponentials = scores.map { expf($0 - (scores.max() ?? 0)) }
                let total = exponentials.reduce(0, +)
                var span = weights.mutableSpan
                let input = image.span
                for label in 0..<classes {
                    let target: Float = Int(labels[0]) == label ? 1 : 0
                    let step = learningRate / Float(1 + 3 * epoch) * (exponentials[label] / total - target)
                    let row = label * pixels
                    for i in 0..<pixels { span[unchecked: row &+ i] -= step * input[unchecked: i] }
                }
            }
        }
        let tested = min(1000, pair.test.count)
        let right = (0..<tested).count { sample in
            let scores = scores(weights, centred(pair.test, UInt32(sample)).image, classes)
            return scores.firstIndex(of: scores.max() ?? 0) == pair.test.label(sample)
        }
        return Double(right) / Double(tested)
    }

    private static func centred(_ split: any Dataset, _ sample: UInt32) -> (image: [Float], labels: [Int32]) {
        let (image, labels) = split.read([sample])
        return (image.map { $0 - 0.4 }, labels)
    }

    private static func scores(_ weights: [Float], _ image: [Float], _ classes: Int) -> [Float] {
        let input = image.span
        let weights = weights.span
        return (0..<classes).map { label in
            var sum: Float = 0
            let row = label * input.count
            for i in 0..<input.count { sum += weights[unchecked: row &+ i] * input[unchecked: i] }
            return sum
        }
    }
}
