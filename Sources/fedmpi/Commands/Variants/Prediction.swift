import Experiments
import FedCore
import Foundation

/// The line for one image or row that `fedmpi predict` prints: of a model of classes a class, of labels of 0 or 1 those that
/// are set, of a regression numbers. What is nil is left out.
struct Prediction: Encodable {
    /// What an image or a row really is.
    enum Truth {
        case label(Int)
        case targets([Float])
    }

    /// What is predicted: an image by its number, or a row by its place in the file, both from 0.
    enum Sample {
        case image(Int)
        case row(Int)
    }

    /// Kind of the line.
    let event = "prediction"
    /// Place of the image, from 0; nil for a row.
    private(set) var image: Int?
    /// Place of the row in its file, from 0, a header not counted; nil for an image.
    private(set) var row: Int?
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
    /// Duration of the pass that the sample was in; with batches, all samples of a batch have the same.
    let milliseconds: Double

    /// Reads a model's scores.
    /// - Parameters:
    ///   - sample: whose scores they are.
    ///   - scores: finite scores, one for each output.
    ///   - task: what the model has learnt.
    ///   - truth: nil where nobody knows it.
    ///   - names: names of the classes; empty where they have none.
    init(
        _ sample: Sample, scores: [Float], of task: LearningTask, _ truth: Truth?, names: [String], milliseconds: Double
    ) {
        switch sample {
        case .image(let place): image = place
        case .row(let place): row = place
        }
        self.milliseconds = milliseconds
        switch task {
        case .classes:
            let best = scores.span.argmax
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
