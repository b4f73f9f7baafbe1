import Experiments
import FedCore
import Foundation

/// The line for one image that `fedmpi predict` prints: of a model of classes a class, of labels of 0 or 1 those that
/// are set, of a regression numbers. What is nil is left out.
struct Prediction: Encodable {
    /// What an image really is.
    enum Truth {
        case label(Int)
        case targets([Float])
    }

    /// Kind of the line.
    let event = "prediction"
    /// Place of the image, from 0.
    let image: Int
    /// The class with the largest score.
    private(set) var `class`: Int?
    /// Name of the class, where classes have names.
    private(set) var name: String?
    /// Places of the labels whose probability is above ½.
    private(set) var labels: [Int]?
    /// Probabilities in the model's order: the softmax of the classes' scores, the sigmoid of each label's.
    private(set) var probabilities: [Double]?
    /// What a regression answers.
    private(set) var values: [Float]?
    /// The true class.
    private(set) var label: Int?
    /// Name of the true class.
    private(set) var labelName: String?
    /// True labels, 0 or 1 each, or numbers.
    private(set) var targets: [Float]?
    /// Duration of the pass that the image was in; with batches, all images of a batch have the same.
    let milliseconds: Double

    /// Reads a model's scores.
    /// - Parameters:
    ///   - scores: finite scores, one for each output.
    ///   - task: what the model has learnt.
    ///   - truth: nil where nobody knows it.
    ///   - names: names of the classes; empty where they have none.
    init(image: Int, scores: [Float], of task: LearningTask, _ truth: Truth?, names: [String], milliseconds: Double) {
        self.image = image
        self.milliseconds = milliseconds
        switch task {
        case .classes:
            let best = VariantMeasurement.largest(scores.span)
            self.class = best
            name = names.isEmpty ? nil : names[best]
            probabilities = Self.softmax(scores)
        case .labels:
            labels = scores.indices.filter { scores[$0] > 0 }
            probabilities = scores.map { 1 / (1 + exp(-Double($0))) }
        case .values: values = scores
        }
        switch truth {
        case .label(let truth):
            label = truth
            labelName = names.isEmpty ? nil : names[truth]
        case .targets(let truth): targets = truth
        case nil: break
        }
    }

    /// Softmax of one image's scores, computed in double precision. The largest score is subtracted first, since
    /// `exp` of a large score would overflow.
    ///
    /// - Parameter scores: Finite scores, `[classes]`.
    /// - Returns: Probabilities in [0, 1] with the sum 1, `[classes]`.
    static func softmax(_ scores: [Float]) -> [Double] {
        let largest = Double(scores.max() ?? 0)
        let powers = scores.map { exp(Double($0) - largest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }
}
